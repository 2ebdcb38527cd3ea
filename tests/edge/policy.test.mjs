// A policy that can't be read refuses everything and says in the log which field is wrong; and step 1, which hangs
// on the policy's one exception.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { after, afterEach, before, describe, test } from 'node:test';

import { assertRefused, policyFor, seed, startEdge, startEdges, startUpstream } from './harness.mjs';

const secret = seed('secret', 'test');
const publishable = seed('publishable', 'test');
const good = { upstream: { test: 'https://api.example' } };
const route = { method: 'GET', path: '/' };

/** Per row: the policy, the field that the log names. */
const BAD = [
  [undefined, 'POLICY'],
  ['', '.'],
  ['{', '.'],
  ['not json', '.'],
  ['"{}"', undefined],
  [[], undefined],
  [1, undefined],
  [null, undefined],
  [{}, '.'],
  [{ upstream: {} }, 'upstream'],
  [{ upstream: 'https://api.example' }, 'upstream'],
  [{ upstream: { prod: 'https://api.example' } }, 'upstream.prod'],
  [{ upstream: { test: '' } }, 'upstream.test'],
  [{ upstream: { test: 'api.example' } }, 'upstream.test'],
  [{ upstream: { test: 'https://api.example/v1' } }, 'upstream.test'],
  [{ upstream: { test: 'https://user@api.example' } }, 'upstream.test'],
  [{ upstream: { live: 'http://api.example' } }, 'upstream.live'],
  [{ upstream: { live: 'ftp://api.example' } }, 'upstream.live'],
  [{ upstream: { live: null, test: 1 } }, 'upstream.test'],
  ...['https://256.1.1.1', 'https://1.2.3.4.5', 'https://[1:2]'].map((live) => [{ upstream: { live } }, 'upstream.live']),
  [{ ...good, unknown: true }, 'unknown'],
  [{ ...good, routes: {} }, 'routes'],
  [{ ...good, routes: [{ ...route, path: 'x' }] }, 'routes[0].path'],
  [{ ...good, routes: [route, { ...route, path: '/a/../b' }] }, 'routes[1].path'],
  [{ ...good, routes: [{ ...route, method: 'get' }] }, 'routes[0].method'],
  [{ ...good, routes: [{ ...route, method: 'ANY' }] }, 'routes[0].method'],
  [{ ...good, routes: [{ ...route, path: '/admin/*' }] }, 'routes[0].path'],
  [{ ...good, routes: [{ ...route, path: '/users/:id' }] }, 'routes[0].path'],
  [{ ...good, routes: [{ ...route, kinds: ['public'] }] }, 'routes[0].kinds[0]'],
  [{ ...good, routes: [{ ...route, kinds: [] }] }, 'routes[0].kinds'],
  [{ ...good, routes: [{ ...route, modes: ['prod'] }] }, 'routes[0].modes[0]'],
  [{ ...good, routes: [{ ...route, mode: 'live' }] }, 'routes[0].mode'],
  [{ ...good, origins: ['*'] }, 'origins[0]'],
  [{ ...good, origins: ['https://shop.example', 'https://shop.example/'] }, 'origins[1]'],
  [{ ...good, origins: 'https://shop.example' }, 'origins'],
  [{ ...good, cors: {} }, 'cors'],
  [{ ...good, cors: { origins: ['https://a.example', '*'] } }, 'cors.origins[1]'],
  [{ ...good, cors: { origins: [], headers: ['a b'] } }, 'cors.headers[0]'],
  [{ ...good, cors: { origins: [], max_age: -1 } }, 'cors.max_age'],
  [{ ...good, cors: { origins: [], credentials: true } }, 'cors.credentials'],
  [{ ...good, forward_authorization: 'yes' }, 'forward_authorization'],
  [{ ...good, accept_foreign_keys: 1 }, 'accept_foreign_keys'],
  [{ ...good, allow_http_on_loopback: 'true' }, 'allow_http_on_loopback'],
  [{ ...good, store_timeout_ms: 0 }, 'store_timeout_ms'],
  [{ ...good, store_timeout_ms: 1.5 }, 'store_timeout_ms'],
  [{ ...good, store_cache_ttl: 29 }, 'store_cache_ttl'],
  [{ ...good, upstream_timeout_ms: '100' }, 'upstream_timeout_ms'],
];

let upstream;
before(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.clear());
after(() => upstream?.stop());

describe("a policy that can't be read refuses everything: misconfigured", () => {
  let edges;
  before(async () => {
    // The exception for plain HTTP is in each that can hold it, so that nothing but the fault refuses.
    const policies = BAD.map(([policy]) => {
      const isOpen = typeof policy === 'object' && policy !== null && !Array.isArray(policy);
      return isOpen ? { allow_http_on_loopback: true, ...policy } : policy;
    });
    edges = await startEdges(policies.map((policy) => ({ policy, seeds: [secret, publishable] })));
  });
  after(() => edges?.[0].stop());

  for (const [index, [policy, field]] of BAD.entries()) {
    test(`${JSON.stringify(policy) ?? 'none'}: the log names ${field ?? 'what is wrong'}`, async () => {
      const edge = edges[index];
      const logged = edge.lines.all.length;
      const preflight = {
        method: 'OPTIONS',
        headers: [
          ['Origin', 'https://shop.example'],
          ['Access-Control-Request-Method', 'GET'],
        ],
      };
      for (const request of [{}, preflight, { target: '/collect/payment_sessions', method: 'POST' }]) {
        for (const send of [
          () => edge.send(request),
          () => edge.sendAs(secret, request),
          () => edge.sendAs(publishable, request),
        ]) {
          const problem = assertRefused(await send(), 'misconfigured');
          await edge.verdict(problem.request_id);
        }
      }
      const lines = edge.lines.all
        .slice(logged)
        .map((line) => JSON.parse(line))
        .filter((line) => line.event === 'misconfigured');
      assert.equal(lines.length, 1, 'one line per isolate says why');
      if (field) assert.equal(lines[0].field, field);
      assert.ok(lines[0].reason.length > 0);
      assert.deepEqual(await upstream.received(), []);
    });
  }
});

describe('a good policy', () => {
  test('may be an object or a string that holds one', async (t) => {
    const policy = policyFor(upstream.origin);
    const edges = await startEdges([{ policy, seeds: [secret] }, { policy: JSON.stringify(policy) }]);
    t.after(() => edges[0].stop());
    for (const edge of edges) assert.equal((await edge.sendAs(secret, { target: '/echo' })).status, 200);
  });
});

describe('step 1: https, told from the URL alone', () => {
  let plain, loopback;
  before(async () => {
    [plain, loopback] = await startEdges([
      { policy: policyFor(upstream.origin, { allow_http_on_loopback: false }), seeds: [secret] },
      { policy: policyFor(upstream.origin) },
    ]);
  });
  after(() => plain?.stop());

  for (const headers of [
    [],
    [['X-Forwarded-Proto', 'https']],
    [['Forwarded', 'proto=https']],
    [['CF-Visitor', '{"scheme":"https"}']],
    [['X-Forwarded-Ssl', 'on']],
    [['X-Forwarded-Scheme', 'https']],
    [['Front-End-Https', 'on']],
  ]) {
    test(`plain http is refused${headers.length > 0 ? `, whatever ${headers[0][0]} says` : ''}`, async () => {
      assertRefused(await plain.sendAs(secret, { target: '/echo', headers }), 'https-required');
      assert.deepEqual(await upstream.received(), []);
    });
  }
  test('an absolute https target makes no https', async () => {
    assertRefused(await plain.sendAs(secret, { target: 'https://127.0.0.1/echo' }), 'https-required');
  });

  for (const host of ['localhost', 'localhost:8787', '127.0.0.1', '127.0.0.1:1', '[::1]:8787']) {
    test(`the loopback exception lets ${host} pass`, async () => {
      assert.equal((await loopback.sendAs(secret, { target: '/echo', headers: [['Host', host]] })).status, 200);
    });
  }
  for (const host of [
    'api.example', '10.0.0.1', '127.0.0.2', 'localhost.example', 'example.localhost', '127.0.0.1.example',
    'api.example:80',
  ]) {
    test(`the loopback exception is not for ${host}`, async () => {
      assertRefused(await loopback.sendAs(secret, { target: '/echo', headers: [['Host', host]] }), 'https-required');
      assert.deepEqual(await upstream.received(), []);
    });
  }

  test('https passes without any exception', async (t) => {
    const edge = await startEdge({
      policy: policyFor(upstream.origin, { allow_http_on_loopback: false }),
      seeds: [secret],
      isHttps: true,
    });
    t.after(() => edge.stop());
    const request = https.get({
      host: '127.0.0.1',
      port: edge.port,
      path: '/echo',
      rejectUnauthorized: false,
      agent: false,
      headers: { authorization: `Bearer ${secret.key}` },
    });
    const [response] = await once(request, 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
  });
});
