import { element, facts, icon } from './dom.js';
import { money } from './money.js';
import { refusalTitle } from './words.js';

/** The card that shows what became of an attempt to pay. */
export function outcomeCard(outcome, onAgain) {
  switch (outcome.kind) {
    case 'created':
      return receipt(outcome.session, onAgain);
    case 'stopped':
      return notice({
        tone: 'bad',
        eyebrow: 'Stopped in this page · nothing was sent',
        title: refusalTitle(outcome.error.code),
        message: outcome.error.message,
        rows: [['Code', outcome.error.code, 'code']],
      });
    case 'refused':
      return notice({
        tone: 'bad',
        eyebrow: outcome.status === undefined ? 'Not understood' : `Refused · ${outcome.status}`,
        title: outcome.title ?? 'The API answered in a way this page can’t read',
        message: outcome.detail ?? 'Nothing was charged. Try again in a moment.',
        rows: [
          ['Code', outcome.code, 'code'],
          ['Request id', outcome.requestId, 'code'],
        ],
      });
    case 'unanswered':
      return notice({
        tone: 'offline',
        eyebrow: outcome.late ? 'No answer in time' : 'No connection',
        title: outcome.late ? 'The payment API is taking too long' : 'The payment API can’t be reached',
        message: 'Check your connection, then try again.',
        rows: [],
      });
  }
}

/** A notice for what keeps the page from taking payments at all. */
export function setUpNotice() {
  return notice({
    tone: 'unsure',
    eyebrow: 'Not set up',
    title: 'This shop can’t take payments yet',
    message: 'Its config.json, with the edge’s address and a publishable key, is missing or unreadable.',
    rows: [],
  });
}

function receipt(session, onAgain) {
  const { id, amount, currency, mode, account, status, created_at: createdAt } = session;
  return element(
    'div',
    { class: 'receipt', role: 'group', tabindex: '-1', 'aria-labelledby': 'outcome-title', 'aria-describedby': 'outcome-text' },
    element('div', { class: 'seal' }, icon('good')),
    element('h2', { id: 'outcome-title' }, 'Payment session opened'),
    element('p', { class: 'receipt-sum', id: 'outcome-text' }, money(amount, currency)),
    facts([
      ['Session', id, 'code'],
      ['Amount in minor units', `${amount} ${currency}`, 'code'],
      ['Mode', mode],
      ['Account', account, 'code'],
      ['Status', status],
      ['Opened', Number.isSafeInteger(createdAt) ? clock(createdAt) : undefined],
    ]),
    element('button', { type: 'button', class: 'secondary wide', onclick: onAgain }, 'Start another payment'),
  );
}

/** Unix seconds as the time of day. */
function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString('en', { timeStyle: 'medium' });
}

function notice({ tone, eyebrow, title, message, rows }) {
  return element(
    'div',
    { class: `notice ${tone}`, role: 'group', tabindex: '-1', 'aria-labelledby': 'outcome-title', 'aria-describedby': 'outcome-text' },
    icon(tone),
    element(
      'div',
      { class: 'notice-text' },
      element('p', { class: 'eyebrow' }, eyebrow),
      element('h3', { id: 'outcome-title' }, title),
      element('p', { id: 'outcome-text' }, message),
      facts(rows),
    ),
  );
}
