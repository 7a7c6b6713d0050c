// Tells times in the reader's own zone. Without this script they are in UTC, and say so.
for (const time of document.querySelectorAll('time[data-kind]')) {
  const at = new Date(time.dateTime);
  const tell = (style) => new Intl.DateTimeFormat(document.documentElement.lang, style).format(at);
  time.title = tell({ dateStyle: 'long', timeStyle: 'short' });
  if (time.dataset.kind === 'date') {
    time.textContent = tell({ dateStyle: 'long' });
  } else if (time.dataset.kind === 'time') {
    time.textContent = tell({ dateStyle: 'medium', timeStyle: 'short' });
  }
}
