import { KeyGuard, KeyGuardError } from 'keyguard';

import { byId, element, facts, icon } from './dom.js';
import { keyField } from './key-field.js';
import { refusalTitle } from './words.js';

/** The panel that asks the guard about any key. Nothing here sends anything. */
export function keyCheck({ edge, key }) {
  const input = keyField('check-key');
  const verdict = byId('verdict');

  byId('check-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = input.value;
    const card = await judge(text, edge);
    // The visitor may have typed on.
    if (input.value === text) verdict.replaceChildren(card);
  });
  input.addEventListener('input', () => verdict.replaceChildren());

  for (const [label, make] of SAMPLES) {
    const onclick = () => {
      input.value = make(key);
      byId('check-form').requestSubmit();
    };
    byId('samples').append(element('li', {}, element('button', { type: 'button', class: 'sample', onclick }, label)));
  }
}

async function judge(text, edge) {
  try {
    const { mode } = await KeyGuard.load(text, { baseUrl: edge });
    return verdictCard({
      tone: 'good',
      title: 'Publishable key: safe in a page',
      message:
        mode === 'test'
          ? 'It may open payment sessions in test mode, where no money moves.'
          : 'It may open payment sessions in live mode, and do little else.',
      rows: [['Mode', mode]],
    });
  } catch (error) {
    if (!(error instanceof KeyGuardError)) throw error;
    return verdictCard({
      tone: error.code === 'secret-key' ? 'bad' : 'unsure',
      title: refusalTitle(error.code),
      message: error.message,
      rows: [['Code', error.code, 'code']],
    });
  }
}

function verdictCard({ tone, title, message, rows }) {
  return element(
    'div',
    { class: `notice ${tone}` },
    icon(tone),
    element('div', { class: 'notice-text' }, element('h3', {}, title), element('p', {}, message), facts(rows)),
  );
}

/** A secret key of nobody's. Made up on the spot: no bundle should hold even a false one. */
export function madeUpSecretKey() {
  return `sk_test_${letters(32)}`;
}

const SAMPLES = [
  ['Shop’s key', (key) => key],
  ['Secret key', madeUpSecretKey],
  ['In disguise', () => `"SK%5Flive%5F${letters(24)}" `],
  ['Mistyped', (key) => mistyped(key)],
];

function letters(count) {
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
  return Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => alphabet[byte % alphabet.length]).join('');
}

/** The key with its last character changed, as a slip of the finger would. */
function mistyped(key) {
  return key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
}
