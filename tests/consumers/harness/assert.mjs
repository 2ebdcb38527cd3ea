import assert from 'node:assert/strict';

import { KEY, SECRET } from './desk.mjs';

/** What a shop must report, and the desk must have got from it, when all is well. */
export function assertPaid({ received }, outcome, { origin, shows = false } = {}) {
  assert.deepEqual(outcome, {
    compiledAtImport: 0,
    hasCompiled: true,
    refused: ['secret-key', 'secret-key'],
    paid: { mode: 'test', session: 'ps_1', declined: { status: 402, code: 'card-declined' } },
    faults: [],
    ...(shows && { shown: 'ps_1' }),
  });
  // The first was answered with 503.
  assert.deepEqual(received.map(({ method, path }) => `${method} ${path}`), [
    'POST /collect/payment_sessions', 'POST /collect/payment_sessions', 'POST /collect/declined',
  ]);
  for (const { headers, body } of received) {
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.cookie, undefined);
    assert.equal(headers.origin, origin);
    // The page's address has more: whose shop it is, and a customer.
    assert.equal(headers.referer, origin && `${origin}/`);
    assert.deepEqual(JSON.parse(body), { amount: 4200, currency: 'EUR' });
  }
  const [first, again, other] = received.map(({ headers }) => headers['idempotency-key']);
  assert.match(first, UUID);
  assert.equal(again, first);
  assert.match(other, UUID);
  assert.notEqual(other, first);
  assert.equal(JSON.stringify(received).includes(SECRET.slice(3)), false);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
