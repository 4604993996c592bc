// A page that shows what others do: looked at again every few seconds, unless somebody is at work on it.
const EVERY_MS = 5000;
setInterval(() => {
  const at = document.activeElement;
  if (!document.hidden && (!at || at === document.body || at.id === "content")) location.replace(location.pathname);
}, EVERY_MS);
