// Sends one form of the page at a time. A second click while the first one's answer is on its way would replace that
// answer, and the cookies in it: a code that was right would be used up, and nobody signed in. Whoever has given up on an
// answer may send again after a while, or at once when the page is shown anew. Without this script, everything works for
// those who click once.
let sentAt = -Infinity;
addEventListener('submit', (event) => {
  if (performance.now() - sentAt < 10000) {
    event.preventDefault();
  } else {
    sentAt = performance.now();
  }
});
addEventListener('pageshow', () => {
  sentAt = -Infinity;
});
