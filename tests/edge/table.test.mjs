// The contract's table, row by row and in its order, with the demo upstream as the witness that no refused
// request came through.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import {
  assertRefused, issueKey, mistyped, now, policyFor, seed, startEdge, startEdges, startUpstream, stopAll, values,
} from './harness.mjs';

const PAGE = 'https://shop.example';
const PAY = { method: 'POST', target: '/collect/payment_sessions' };
const ORDER = JSON.stringify({ amount: 4200, currency: 'EUR' });
const JSON_BODY = { headers: [['Content-Type', 'application/json']], body: ORDER };

const keys = {
  secret: seed('secret', 'test'),
  publishable: seed('publishable', 'test'),
  revoked: seed('secret', 'test', { revoked: { at: 1_760_000_001, reason: 'left the company' } }),
  deleted: seed('secret', 'live', { revoked: { at: 1_760_000_001, reason: 'deleted' } }),
  expired: seed('publishable', 'test', { expires_at: now() - 1 }),
  exposed: seed('secret', 'test', { exposed: { at: 1_760_000_001, channel: 'browser' } }),
  withOrigin: seed('publishable', 'test', { origins: [PAGE] }),
  unknown: { key: issueKey('secret', 'test') },
  unreadable: seed('secret', 'test', {}, 'no record'),
};
// Filed under the digest of a publishable test key, with the record of another kind or mode.
const misfiled = [
  seed('publishable', 'test', { kind: 'secret' }),
  seed('publishable', 'test', { mode: 'live' }),
  seed('secret', 'live', { mode: 'test' }),
  seed('secret', 'live', { kind: 'publishable' }),
];

let upstream, edge, strict;

before(async () => {
  upstream = await startUpstream();
  const cors = { origins: [PAGE] };
  [edge, strict] = await startEdges([
    {
      policy: policyFor(upstream.origin, { cors }),
      seeds: [...Object.values(keys).filter((one) => one.entry), ...misfiled],
    },
    { policy: policyFor(upstream.origin, { cors, allow_http_on_loopback: false }) },
  ]);
});
afterEach(() => upstream.clear());
after(() => stopAll(edge, upstream));

async function assertNothingReceived() {
  assert.deepEqual(await upstream.received(), []);
}

/** Each row: name, how it is sent, the code. `key` is sent as a bearer token; `headers` come beside it. */
const ROWS = [
  ['no Authorization', {}, 'unauthorized'],
  ['another scheme', { headers: [['Authorization', 'Basic dXNlcjpwYXNz']] }, 'unauthorized'],
  ['malformed Authorization', { headers: [['Authorization', 'Bearer a b']] }, 'invalid-request'],
  [
    'repeated Authorization',
    { key: keys.secret, headers: [['Authorization', `Bearer ${keys.secret.key}`]] },
    'invalid-request',
  ],
  ['a key in the query', { key: keys.secret, target: `/echo?key=${keys.publishable.key}` }, 'invalid-request'],
  ['no key', { headers: [['Authorization', 'Bearer c29tZXRoaW5n']] }, 'invalid-key'],
  ['a mistyped key', { key: { key: mistyped(keys.secret.key) } }, 'invalid-key'],
  ['an unknown key', { key: keys.unknown }, 'invalid-key'],
  ...misfiled.map((key) => [
    `a ${key.key.split('_').slice(0, -1).join('_')}_ key filed as ${key.record.kind} ${key.record.mode}`,
    { key },
    'invalid-key',
  ]),
  ['an unreadable record', { key: keys.unreadable }, 'store-unavailable'],
  ['a revoked key', { key: keys.revoked }, 'key-revoked'],
  ['a deleted key', { key: keys.deleted }, 'key-revoked'],
  ['an expired key', { key: keys.expired }, 'key-expired'],
  ['an exposed key', { key: keys.exposed }, 'key-exposed'],
  [
    'a secret key from a page',
    { key: keys.secret, headers: [['Sec-Fetch-Site', 'cross-site']] },
    'secret-key-in-browser',
  ],
  [
    'a publishable key from an unlisted origin',
    { ...PAY, key: keys.withOrigin, headers: [['Origin', 'https://else.example']] },
    'origin-not-allowed',
  ],
  ['a publishable key without a route', { key: keys.publishable, target: '/refunds' }, 'insufficient-scope'],
];

describe('every row of the table is refused as it says, and nothing reaches the upstream', () => {
  for (const [name, { key, headers = [], ...request }, code] of ROWS) {
    test(`${name}: ${code}`, async () => {
      const target = request.target ?? '/echo?a=b';
      const bearer = key ? [['Authorization', `Bearer ${key.key}`]] : [];
      const response = await edge.send({ ...request, target, headers: [...bearer, ...headers] });
      assertRefused(response, code, { instance: target.split('?')[0] });
      await assertNothingReceived();
    });
  }

  test('plain http without the loopback exception: https-required', async () => {
    const response = await strict.sendAs(keys.secret, { target: '/echo' });
    assertRefused(response, 'https-required', { instance: '/echo' });
    await assertNothingReceived();
  });
});

describe('a page can read each refusal', () => {
  for (const [name, { key, headers = [], ...request }, code] of ROWS) {
    test(`${name}: with CORS headers for a listed origin`, async () => {
      const bearer = key ? [['Authorization', `Bearer ${key.key}`]] : [];
      const own = headers.some(([one]) => one === 'Origin') ? headers : [...headers, ['Origin', PAGE]];
      const response = await edge.send({ ...request, headers: [...bearer, ...own] });
      // With an `Origin` a secret key comes from a page, unless an earlier step has refused it.
      assert.ok([code, 'secret-key-in-browser'].includes(assertRefused(response, response.json.code).code));
      const [origin] = values(own, 'origin');
      assert.equal(response.header('access-control-allow-origin'), origin === PAGE ? PAGE : undefined);
      assert.match(response.all('vary').join(), /\borigin\b/i);
      if (origin === PAGE) assert.match(response.header('access-control-expose-headers'), /keyguard-request-id/i);
    });
  }
});

describe('what the table allows is forwarded', () => {
  for (const name of ['secret', 'publishable']) {
    test(`a ${name} key makes a payment session`, async () => {
      const response = await edge.sendAs(keys[name], { ...PAY, ...JSON_BODY });
      assert.equal(response.status, 201, response.text);
      assert.equal(response.json.amount, 4200);
      assert.equal(response.json.account, 'acct_demo');
      assert.equal(response.json.mode, 'test');
      assert.equal((await upstream.received()).length, 1);
    });
  }
});

describe('steps are taken in the order of the table', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: [
      ['Origin', PAGE],
      ['Access-Control-Request-Method', 'POST'],
    ],
  };
  const fromPage = [['Sec-Fetch-Site', 'cross-site']];
  const revokedPublishable = seed('publishable', 'test', { revoked: { at: 1 }, origins: [PAGE] });
  const badOriginNoRoute = seed('publishable', 'test', { origins: [PAGE] });
  const revokedAndExpired = seed('publishable', 'test', { expires_at: 1, revoked: { at: 1 }, exposed: { at: 1 } });
  const misfiledAndRevoked = seed('publishable', 'test', { mode: 'live', revoked: { at: 1 } });
  let ordered;
  before(async () => {
    ordered = await startEdge({
      policy: policyFor(upstream.origin),
      seeds: [keys.revoked, revokedPublishable, badOriginNoRoute, revokedAndExpired, misfiledAndRevoked],
    });
  });
  after(() => ordered?.stop());

  test('https before a preflight', async () => {
    assertRefused(await strict.send(preflight), 'https-required');
  });
  test('https before a malformed Authorization', async () => {
    assertRefused(await strict.send({ headers: [['Authorization', 'Bearer a b']] }), 'https-required');
  });
  test('a key in the query before a missing Authorization', async () => {
    assertRefused(await edge.send({ target: `/?k=${keys.publishable.key}` }), 'invalid-request');
  });
  test('syntax before the key grammar', async () => {
    assertRefused(await edge.send({ headers: [['Authorization', 'Bearer sk_test_short,']] }), 'invalid-request');
  });
  test('mis-filed before revoked', async () => {
    assertRefused(await ordered.sendAs(misfiledAndRevoked), 'invalid-key');
  });
  test('revoked before expired and exposed', async () => {
    assertRefused(await ordered.sendAs(revokedAndExpired), 'key-revoked');
  });
  test('revoked before a secret key in a page', async () => {
    assertRefused(await ordered.sendAs(keys.revoked, { headers: fromPage }), 'key-revoked');
  });
  test('revoked before origin and scope', async () => {
    const headers = [['Origin', 'https://else.example']];
    assertRefused(await ordered.sendAs(revokedPublishable, { target: '/refunds', headers }), 'key-revoked');
  });
  test('origin before scope', async () => {
    const headers = [['Origin', 'https://else.example']];
    assertRefused(await ordered.sendAs(badOriginNoRoute, { target: '/refunds', headers }), 'origin-not-allowed');
  });
});

test('unknown and mis-filed keys read the same, word for word', async () => {
  const without = ({ request_id: _, ...rest }) => rest;
  const unknown = (await edge.sendAs(keys.unknown)).json;
  for (const key of misfiled) assert.deepEqual(without((await edge.sendAs(key)).json), without(unknown));
});

test('an expiry that lies ahead is no expiry', async (t) => {
  const later = seed('secret', 'test', { expires_at: now() + 3600 });
  const other = await startEdge({ policy: policyFor(upstream.origin), seeds: [later] });
  t.after(() => other.stop());
  assert.equal((await other.sendAs(later, { target: '/echo' })).status, 200);
});

test('each refusal has a request id of its own', async () => {
  const ids = new Set();
  for (let index = 0; index < 5; index += 1) ids.add((await edge.send()).json.request_id);
  assert.equal(ids.size, 5);
});

test('a request id that the caller sends is not taken over', async () => {
  const response = await edge.send({ headers: [['Keyguard-Request-Id', 'mine']] });
  assert.notEqual(response.json.request_id, 'mine');
});
