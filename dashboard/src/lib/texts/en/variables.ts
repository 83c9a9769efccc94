/** The variables of an application. */
const many = (count: number) => `${count} ${count === 1 ? 'variable' : 'variables'}`;

export const variables = {
  title: 'Variables',
  value: 'Value',
  set: 'Set',
  hidden: 'hidden',
  emptyValue: 'empty',
  add: 'Add variable',
  change: 'Change',
  changeOf: (name: string) => `Change ${name}`,
  remove: 'Remove',
  removeOf: (name: string) => `Remove ${name}`,
  removeText: 'It is gone with the next deployment. What runs now still has it.',
  removeSecretText: 'Its value cannot be read, here or anywhere: have it elsewhere before you remove it.',
  effect: 'A change takes effect with the next deployment. What runs now keeps what it was started with.',
  empty: {
    title: 'No variables yet',
    text: 'What the program shall find in its environment, such as the address of a database. A whole .env file can be pasted.',
  },
  nameHint: 'Letters, digits and underscores, such as DATABASE_URL.',
  secret: 'Secret',
  secretHint: 'Nobody can read it again, here or through the API. The program gets it all the same.',
  secretValueHint: 'The value that is there cannot be shown. What you type replaces it.',
  replaces: (name: string) => `There is a ${name} already. It gets this value.`,
  paste: 'Paste .env',
  text: 'Text of the file',
  textHint:
    'One NAME=value per line. Comments, quotes, “export” and values of several lines in quotes are understood. Variables that are not in it stay as they are.',
  example: '# such as\nLOG_LEVEL=info\nGREETING="Hello, world"',
  preview: 'What it changes',
  becomes: 'Becomes',
  changes: { added: 'added', changed: 'changed', same: 'as it is' },
  left: (count: number) => `${many(count)} that the file does not name ${count === 1 ? 'stays' : 'stay'} as before.`,
  secretAll: 'Keep the new ones secret',
  apply: (count: number) => (count ? `Set ${many(count)}` : 'Set variables'),
  pasted: (count: number) => `${many(count)} set.`,
  mistakes: (count: number) =>
    count === 1 ? '1 line is not taken as it is' : `${count} lines are not taken as they are`,
  mistake: {
    noEquals: (line: number, what: string) => `Line ${line}: there is no = in “${what}”. It is left out.`,
    badName: (line: number, what: string) =>
      `Line ${line}: “${what}” is no name of a variable, which has letters, digits and underscores. It is left out.`,
    unclosed: (line: number, what: string) =>
      `Line ${line}: the quote that begins the value of ${what} is never closed.`,
    afterQuote: (line: number, what: string) => `Line ${line}: there is more after the closing quote of ${what}.`,
    twice: (line: number, what: string) => `Line ${line}: ${what} is there twice. This one counts.`,
  },
};
