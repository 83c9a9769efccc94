// Before anything is drawn, so that nothing flashes: what somebody chose, else what the system says.
try {
  const chosen = localStorage.getItem('wharf.theme');
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's it is.
}
