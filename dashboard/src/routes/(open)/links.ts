/** What a link of a letter holds behind its #, which browsers keep to themselves. */

/**
 * The secret of the link that has led here. It is taken out of the address, so that nobody reads it there, and kept
 * in this tab under a name for who signs in first and comes back.
 */
export function secretOfLink(name: string): string {
  const given = decodeURIComponent(location.hash.slice(1));
  if (given) {
    sessionStorage.setItem(name, given);
    history.replaceState(history.state, '', location.pathname);
  }
  return given || (sessionStorage.getItem(name) ?? '');
}

export function forget(name: string): void {
  sessionStorage.removeItem(name);
}
