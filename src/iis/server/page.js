// Brings the page up to date every two seconds, and keeps what is open open. The page is complete without it.
'use strict';
const pause = document.getElementById('pause');
let paused = false;
pause.hidden = false;
pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
});
async function update() {
  const selecting = !getSelection().isCollapsed;
  const main = document.querySelector('main');
  if (paused || selecting || document.hidden || main.contains(document.activeElement)) return;
  try {
    const answer = await fetch('./', { cache: 'no-store' });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
    for (const open of main.querySelectorAll('details[open]')) {
      const same = fresh.querySelector('#' + CSS.escape(open.id));
      if (same) same.open = true;
    }
    main.replaceWith(fresh);
  } catch {
    // The server is away for a moment, or for good: what was known stays.
  }
}
setInterval(update, 2000);
