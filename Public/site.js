// Improves pages that already work without it: copies codes, keeps what is being typed, and lets a second press send no form twice.
'use strict';
// The clipboard exists in secure contexts only.
if (navigator.clipboard) document.querySelectorAll('[data-copy]').forEach((button) => {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
});
document.querySelectorAll('[data-print]').forEach((button) => {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
});
document.querySelectorAll('form[method=post]').forEach((form) => {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = 'yes';
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
});
addEventListener('pageshow', () => document.querySelectorAll('form').forEach((form) => delete form.dataset.sent));
// What is typed is kept two seconds after typing stops; a failure is told and tried again.
document.querySelectorAll('form[data-autosave]').forEach((form) => {
  const status = form.querySelector('[role=status]');
  let timer;
  let sending;
  const later = (seconds) => { clearTimeout(timer); timer = setTimeout(save, seconds * 1000); };
  const save = async () => {
    sending = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set('viec', 'tu-luu');
    try {
      const answer = await fetch(form.action, { method: 'POST', body, signal: sending.signal });
      if (answer.status !== 204) throw new Error('not kept');
      status.textContent = form.dataset.saved;
    } catch (error) {
      if (error.name === 'AbortError') return;
      status.textContent = form.dataset.unsaved;
      later(10);
    }
  };
  form.addEventListener('input', () => { if (sending) sending.abort(); later(2); });
  form.addEventListener('submit', () => { clearTimeout(timer); if (sending) sending.abort(); });
});
const summary = document.querySelector('[role=alert][tabindex]');
if (summary) summary.focus();
