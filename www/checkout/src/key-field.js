import { byId, icon } from './dom.js';

/**
 * A field for a key, hidden like a password until the visitor asks to see it.
 *
 * It is masked by style and not by `type=password` where the browser can: a password field invites
 * the browser to store what was typed.
 */
export function keyField(id) {
  const input = byId(id);
  const toggle = document.querySelector(`[aria-controls="${id}"].reveal`);
  const masksByStyle = CSS.supports('-webkit-text-security', 'disc');

  const reveal = (revealed) => {
    toggle.setAttribute('aria-pressed', String(revealed));
    toggle.title = revealed ? 'Hide the key' : 'Show the key';
    toggle.replaceChildren(icon(revealed ? 'eyeCrossed' : 'eye'));
    input.classList.toggle('is-masked', !revealed);
    if (!masksByStyle) input.type = revealed ? 'text' : 'password';
  };
  toggle.addEventListener('click', () => reveal(input.classList.contains('is-masked')));
  reveal(false);

  // What a page still holds when it is left, a browser may bring back with it.
  addEventListener('pagehide', () => {
    input.value = '';
    reveal(false);
  });
  return input;
}
