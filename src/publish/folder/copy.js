
'use strict';
// An icon that does not load leaves the letter.
for (const icon of document.querySelectorAll('.icon img')) {
  icon.addEventListener('error', () => icon.remove());
  if (icon.complete && !icon.naturalWidth) icon.remove();
}
if (navigator.clipboard) {
  const said = document.createElement('p');
  said.className = 'said';
  said.setAttribute('role', 'status');
  document.body.append(said);
  for (const code of document.querySelectorAll('pre code, dd code')) {
    const button = document.createElement('button');
    const inHash = code.parentElement.localName === 'dd';
    const what = inHash ? code.parentElement.previousElementSibling.textContent : 'command';
    const file = inHash ? code.closest('tr').querySelector('a').textContent : '';
    button.type = 'button';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', ('Copy ' + what + ' ' + (file && 'of ' + file)).trim());
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        said.textContent = 'Copied.';
        button.textContent = 'Copied';
      } catch {
        said.textContent = 'The browser does not let this page copy.';
      }
      setTimeout(() => { button.textContent = 'Copy'; said.textContent = ''; }, 2000);
    });
    code.parentElement.classList.add('copied');
    code.after(button);
  }
}
