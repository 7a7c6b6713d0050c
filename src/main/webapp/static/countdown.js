// Counts down the time after which another code can be asked for, and holds the form's button back until then. Without
// this script the page says the time as it was when the page was made, and the button works just the same: the server
// knows whether it is time.
for (const text of document.querySelectorAll('[data-countdown]')) {
  const end = Date.now() + Number(text.dataset.countdown) * 1000;
  const button = text.closest('form').querySelector('button');
  button.disabled = true;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) {
      clearInterval(timer);
      button.disabled = false;
      text.remove();
    } else {
      const shown = Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0');
      text.textContent = text.textContent.replace(/\d+:\d\d/, shown);
    }
  }, 1000);
}
