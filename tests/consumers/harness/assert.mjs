import assert from 'node:assert/strict';

import { KEY, SECRET } from './desk.mjs';

/** What a shop must report, and the desk must have got from it, when all is well. */
export function assertPaid({ received }, outcome, { origin, shows = false } = {}) {
  assert.deepEqual(outcome, {
    compiledAtImport: 0,
    hasCompiled: true,
    refused: ['secret-key', 'secret-key'],
    paid: { mode: 'live', status: 201, session: 'ps_1' },
    faults: [],
    ...(shows && { shown: 'ps_1' }),
  });
  assert.deepEqual(received.map(({ method, path }) => `${method} ${path}`), ['POST /collect/payment_sessions']);
  const [{ headers, body }] = received;
  assert.equal(headers.authorization, `Bearer ${KEY}`);
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.origin, origin);
  // The page's address has more: whose shop it is, and a customer.
  assert.equal(headers.referer, origin && `${origin}/`);
  assert.deepEqual(JSON.parse(body), { amount: 4200, currency: 'EUR' });
  assert.equal(JSON.stringify(received).includes(SECRET.slice(3)), false);
}
