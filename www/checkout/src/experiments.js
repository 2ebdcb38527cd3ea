import { KeyGuardError } from 'keyguard';

import { byId, element } from './dom.js';
import { madeUpSecretKey } from './key-check.js';
import { loadGuard } from './session.js';

/**
 * Requests that show what the guard does when things go wrong. What comes of them is told by the guard's events alone.
 *
 * @param {object} shop
 * @param {string} shop.edge
 * @param {string} shop.key
 * @param {(event: import('keyguard').KeyGuardEvent) => void} shop.onEvent
 */
export function experiments(shop) {
  for (const [label, send] of EXPERIMENTS) {
    const button = element('button', { type: 'button', class: 'sample' }, label);
    button.addEventListener('click', async () => {
      if (button.ariaBusy === 'true') return;
      button.ariaBusy = 'true';
      try {
        await send(await loadGuard(shop));
      } catch (error) {
        // The guard has told of its own refusals and of lost connections by then.
        if (!(error instanceof KeyGuardError || error instanceof TypeError || error instanceof DOMException)) throw error;
      } finally {
        button.ariaBusy = null;
      }
    });
    byId('experiments').append(element('li', {}, button));
  }
}

const SESSIONS = '/collect/payment_sessions';
const ORDER = { amount: 11_800, currency: 'EUR' };

const EXPERIMENTS = [
  // The demo API is busy twice for an order that says so.
  ['A busy API', (guard) => guard.fetch(SESSIONS, { method: 'POST', json: { ...ORDER, simulate: 'busy' } })],
  ['A secret in the order', (guard) => guard.fetch(SESSIONS, { method: 'POST', json: { ...ORDER, reference: madeUpSecretKey() } })],
  ['Another address', (guard) => guard.fetch('//elsewhere.example/collect/payment_sessions')],
  ['What this key may not', (guard) => guard.fetch('/payouts')],
];
