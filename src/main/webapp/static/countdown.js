// Counts the times of the page down. One that holds its form's button back does so until it is over, or until somebody
// types in the form: the wait may be that of one number only, and another is free to go. Without this script the page
// says each time as it was when the page was made, and the button works just the same: the server knows whether it is
// time.
for (const text of document.querySelectorAll('[data-countdown]')) {
  const end = Date.now() + Number(text.dataset.countdown) * 1000;
  const form = 'holds' in text.dataset ? text.closest('form') : null;
  const button = form ? form.querySelector('button') : null;
  if (button) {
    button.disabled = true;
    form.addEventListener('input', () => {
      button.disabled = false;
    }, { once: true });
  }
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    if (left === 0) {
      clearInterval(timer);
      if (button) {
        button.disabled = false;
      }
      if (text.dataset.over) {
        text.textContent = text.dataset.over;
      } else {
        text.remove();
      }
    } else {
      const shown = Math.floor(left / 60) + ':' + String(left % 60).padStart(2, '0');
      text.textContent = text.textContent.replace(/\d+:\d\d/, shown);
    }
  }, 1000);
}
