// CORS: preflights are answered from the policy alone, and responses carry what the policy says.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { assertRefused, policyFor, seed, startEdges, startUpstream, stopAll } from './harness.mjs';

const PAGE = 'https://shop.example';
const key = seed('publishable', 'test');
const routes = [
  { method: 'POST', path: '/collect/payment_sessions' },
  { method: 'GET', path: '/headers' },
  { method: 'GET', path: '/status/600' },
];

let upstream, listed, anyone, silent;

before(async () => {
  upstream = await startUpstream();
  const edge = (fields) => ({ policy: policyFor(upstream.origin, { routes, ...fields }), seeds: [key] });
  [listed, anyone, silent] = await startEdges([
    edge({ cors: { origins: [PAGE, 'http://localhost:8789'], headers: ['idempotency-key'], max_age: 77 } }),
    edge({ cors: { origins: ['*'] } }),
    edge({}),
  ]);
});
afterEach(() => upstream.clear());
after(() => stopAll(listed, upstream));

const preflight = (origin, target = '/collect/payment_sessions', method = 'POST', headers = []) => ({
  method: 'OPTIONS',
  target,
  headers: [
    ['Origin', origin],
    ['Access-Control-Request-Method', method],
    ['Access-Control-Request-Headers', 'authorization,content-type,idempotency-key'],
    ...headers,
  ],
});
const listOf = (response, name) => (response.header(name) ?? '').toLowerCase().split(/\s*,\s*/);

describe('a preflight', () => {
  test('of a listed origin is allowed, without a credential, and never reaches the upstream', async () => {
    for (const origin of [PAGE, 'http://localhost:8789']) {
      const response = await listed.send(preflight(origin));
      assert.equal(response.status, 204, response.text);
      assert.equal(response.header('access-control-allow-origin'), origin);
      assert.ok(listOf(response, 'access-control-allow-methods').includes('post'));
      for (const name of ['authorization', 'content-type', 'idempotency-key']) {
        assert.ok(listOf(response, 'access-control-allow-headers').includes(name), name);
      }
      assert.equal(response.header('access-control-max-age'), '77');
      assert.match(response.all('vary').join(), /\borigin\b/i);
      assert.equal(response.header('access-control-allow-credentials'), undefined);
      assert.equal(response.body.length, 0);
    }
    assert.deepEqual(await upstream.received(), []);
  });

  for (const origin of [
    'https://else.example', 'null', 'https://shop.example.evil.example', 'https://SHOP.example',
    'http://shop.example', 'https://shop.example:8443', 'https://shop.example/', '',
  ]) {
    test(`of the unlisted origin "${origin}" is refused`, async () => {
      const response = await listed.send(preflight(origin));
      assert.equal(response.header('access-control-allow-origin'), undefined);
      if (origin !== '') assertRefused(response, 'origin-not-allowed');
      assert.ok(response.status >= 400 && response.status < 500, String(response.status));
      assert.deepEqual(await upstream.received(), []);
    });
  }

  test('is answered for any origin where the policy lists "*"', async () => {
    for (const origin of [PAGE, 'null', 'https://else.example']) {
      const response = await anyone.send(preflight(origin));
      assert.equal(response.status, 204);
      assert.ok(['*', origin].includes(response.header('access-control-allow-origin')));
    }
  });

  test('is refused where the policy says nothing of CORS', async () => {
    assertRefused(await silent.send(preflight(PAGE)), 'origin-not-allowed');
    assert.deepEqual(await upstream.received(), []);
  });

  test('with a key is answered from the policy all the same', async () => {
    const response = await listed.send(preflight(PAGE, '/refunds', 'DELETE', [['Authorization', `Bearer ${key.key}`]]));
    assert.equal(response.status, 204);
    assert.deepEqual(await upstream.received(), []);
  });
});

test('OPTIONS that is no preflight goes the whole way', async () => {
  assertRefused(await listed.send({ method: 'OPTIONS', headers: [['Origin', PAGE]] }), 'unauthorized');
  assertRefused(
    await listed.send({ method: 'OPTIONS', headers: [['Access-Control-Request-Method', 'POST']] }),
    'unauthorized',
  );
  assertRefused(await listed.sendAs(key, { method: 'OPTIONS', target: '/headers' }), 'insufficient-scope');
  assert.deepEqual(await upstream.received(), []);
});

describe('a forwarded response', () => {
  const send = (edge, origin) => edge.sendAs(key, { target: '/headers', headers: origin ? [['Origin', origin]] : [] });

  test("carries the policy's CORS headers in place of the upstream's", async () => {
    const response = await send(listed, PAGE);
    assert.equal(response.status, 200);
    assert.equal(response.header('access-control-allow-origin'), PAGE);
    assert.match(response.all('vary').join(), /\borigin\b/i);
    assert.match(response.header('access-control-expose-headers'), /keyguard-request-id/i);
  });

  test('keeps everything else', async () => {
    const response = await send(listed, PAGE);
    assert.equal(response.statusText, 'Quite Fine');
    assert.deepEqual(response.all('x-twice').join(', '), 'one, two');
    assert.equal(response.header('etag'), '"abc"');
    assert.equal(response.text, 'headers');
  });

  test('keeps a status that no response can be made of', async () => {
    const response = await listed.sendAs(key, { target: '/status/600', headers: [['Origin', PAGE]] });
    assert.equal(response.status, 600, response.text);
  });

  test('has none for a page that the policy does not list', async () => {
    assert.notEqual(
      (await send(listed, 'https://else.example')).header('access-control-allow-origin'),
      'https://else.example',
    );
  });

  test('is handed on untouched where the policy says nothing of CORS', async () => {
    assert.equal((await send(silent, PAGE)).header('access-control-allow-origin'), 'https://upstream.example');
  });

  test('is handed on untouched without an Origin', async () => {
    assert.equal((await send(listed)).header('access-control-allow-origin'), 'https://upstream.example');
  });
});

describe('a refusal', () => {
  test('can be read by a listed page, and not by another', async () => {
    const refused = (origin) => listed.send({ headers: [['Origin', origin]] });
    assert.equal((await refused(PAGE)).header('access-control-allow-origin'), PAGE);
    assert.equal((await refused('https://else.example')).header('access-control-allow-origin'), undefined);
  });
  test('has no CORS headers where the policy says nothing of CORS', async () => {
    const response = await silent.send({ headers: [['Origin', PAGE]] });
    assert.deepEqual(
      response.headers.filter(([name]) => /^access-control/i.test(name)),
      [],
    );
  });
});
