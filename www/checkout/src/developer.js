import { byId, element, facts, icon } from './dom.js';
import { eventWords } from './words.js';

/** What is kept on the page: more than one visit makes by hand. */
const EVENTS_LIMIT = 100;

/**
 * The developer's view: what the guard did, step by step, in plain words.
 *
 * @returns {(event: import('keyguard').KeyGuardEvent) => void} what `onEvent` of the guard is to be
 */
export function developerView() {
  const list = byId('events');
  const empty = byId('no-events');
  const clear = byId('clear-events');

  const isEmpty = (is) => {
    empty.hidden = !is;
    clear.hidden = is;
  };
  clear.addEventListener('click', () => {
    list.replaceChildren();
    isEmpty(true);
    byId('developer-title').focus();
  });
  return (event) => {
    const { tone, title, text, rows } = eventWords(event);
    list.append(
      element(
        'li',
        { class: `event ${tone}` },
        icon(tone),
        element('div', { class: 'event-text' }, element('h3', {}, title), text && element('p', {}, text), facts(rows)),
        element('time', {}, new Date().toLocaleTimeString('en', { timeStyle: 'medium' })),
      ),
    );
    if (list.children.length > EVENTS_LIMIT) list.firstElementChild.remove();
    isEmpty(false);
  };
}
