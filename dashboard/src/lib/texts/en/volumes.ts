/** The volumes of an application. */
export const volumes = {
  title: 'Volumes',
  add: 'Add volume',
  remove: 'Remove',
  removeOf: (name: string) => `Remove volume ${name}`,
  removeText:
    'With the next deployment the containers no longer find it. Its content stays on the server, out of the reach of this page.',
  path: 'Path in the container',
  pathHint: 'Such as /data. Whatever is written there is there again after a deployment.',
  access: 'Access',
  readOnly: 'Read only',
  readWrite: 'Read and write',
  readOnlyLabel: 'Containers may only read it',
  added: 'Added',
  nameHint: 'Lower case letters, digits and hyphens, such as uploads.',
  empty: {
    title: 'No volumes',
    text: 'What a container writes is gone when it is replaced, with each deployment. What shall stay, such as uploads, goes into a volume.',
  },
};
