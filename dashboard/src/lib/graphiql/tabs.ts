/**
 * GraphiQL's tabs hold buttons, which a tab must not: for who does not see them, they are a list of buttons here, one of
 * which is current.
 */
export function mendTabs(place: Element): () => void {
  const mend = () => {
    for (const list of place.querySelectorAll('[role=tablist]')) list.removeAttribute('role');
    for (const tab of place.querySelectorAll('.graphiql-tab[aria-selected]')) {
      const current = tab.getAttribute('aria-selected') === 'true';
      tab.removeAttribute('role');
      tab.removeAttribute('aria-selected');
      tab.querySelector('button')?.setAttribute('aria-current', String(current));
    }
  };
  const observer = new MutationObserver(mend);
  observer.observe(place, { subtree: true, childList: true, attributeFilter: ['aria-selected', 'role'] });
  return () => observer.disconnect();
}
