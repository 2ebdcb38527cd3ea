// Steps 7 and 8: a secret key does not come straight from a page, and a publishable key comes from a listed one.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { assertRefused, policyFor, seed, startEdges, startUpstream, stopAll } from './harness.mjs';

const PAGE = 'https://shop.example';
const ELSE = 'https://else.example';
const secret = seed('secret', 'live');
const exempt = seed('secret', 'live', { browser_headers: true });
const free = seed('publishable', 'test');
const bound = seed('publishable', 'test', { origins: [PAGE, 'http://localhost:8789'] });
const shut = seed('publishable', 'test', { origins: [] });

let upstream, edge, listing;

before(async () => {
  upstream = await startUpstream();
  const routes = [{ method: 'GET', path: '/echo' }];
  [edge, listing] = await startEdges([
    { policy: policyFor(upstream.origin, { routes }), seeds: [secret, exempt, free, bound, shut] },
    { policy: policyFor(upstream.origin, { routes, origins: ['https://policy.example'] }) },
  ]);
});
afterEach(() => upstream.clear());
after(() => stopAll(edge, upstream));

const site = (value) => ['Sec-Fetch-Site', value];
const origin = (value) => ['Origin', value];
const shown = (headers) => headers.map(([name, value]) => `${name}: ${value}`).join(', ') || 'nothing';

async function passes(key, headers, through = edge) {
  const response = await through.sendAs(key, { target: '/echo', headers });
  assert.equal(response.status, 200, response.text);
  assert.equal((await upstream.received()).length, 1);
}
async function refused(key, headers, code, through = edge) {
  assertRefused(await through.sendAs(key, { target: '/echo', headers }), code);
  assert.deepEqual(await upstream.received(), []);
}

describe('a secret key that comes straight from a page is refused', () => {
  const rows = [
    [site('cross-site')],
    [site('same-site')],
    [site('cross-site'), origin(PAGE)],
    [site('same-site'), origin(PAGE)],
    [origin(PAGE)],
    [origin('null')],
    [origin('http://localhost:3000')],
    [origin(ELSE), ['Sec-Fetch-Mode', 'cors']],
    [site('cross-site'), ['Sec-Fetch-Mode', 'no-cors'], ['User-Agent', 'curl/8']],
  ];
  for (const headers of rows) test(shown(headers), () => refused(secret, headers, 'secret-key-in-browser'));
});

describe('a secret key that comes from a server passes', () => {
  const rows = [
    [],
    [['Sec-Fetch-Mode', 'cors']],
    [['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36']],
    [site('same-origin')],
    [site('same-origin'), origin(PAGE)],
    [site('none')],
    [['Referer', `${PAGE}/cart`]],
    [['Cookie', 'a=b']],
    [['X-Origin', PAGE]],
  ];
  for (const headers of rows) test(shown(headers), () => passes(secret, headers));
  test("through Node's own fetch", async () => {
    const response = await fetch(`${edge.origin}/echo`, { headers: { authorization: `Bearer ${secret.key}` } });
    assert.equal(response.status, 200);
  });
});

describe("a secret key whose owner's proxy passes browser headers on", () => {
  for (const headers of [[site('cross-site')], [origin(PAGE)], [site('same-site'), origin(PAGE)]])
    test(shown(headers), () => passes(exempt, headers));
});

describe('a publishable key may come from pages', () => {
  for (const headers of [[], [origin(PAGE)], [site('cross-site'), origin(PAGE)], [origin('null')]]) {
    test(`of any origin, where no list is set: ${shown(headers)}`, () => passes(free, headers));
  }
  for (const value of [PAGE, 'http://localhost:8789'])
    test(`that its record lists: ${value}`, () => passes(bound, [origin(value)]));
  test('that the policy lists', () => passes(free, [origin('https://policy.example')], listing));
  test('that either of record and policy lists', async () => {
    await passes(bound, [origin(PAGE)], listing);
    await upstream.clear();
    await passes(bound, [origin('https://policy.example')], listing);
  });
});

describe('a publishable key from elsewhere than its list is refused', () => {
  const elsewhere = [
    ELSE, 'null', '', 'http://shop.example', 'https://shop.example:8443', 'https://shop.example.else.example',
    'https://SHOP.EXAMPLE', 'https://shop.example/', `${PAGE}, ${ELSE}`, `${PAGE} ${ELSE}`,
    'https://shop.example\xe9', '*', 'file://',
  ];
  for (const value of elsewhere)
    test(`Origin: ${JSON.stringify(value)}`, () => refused(bound, [origin(value)], 'origin-not-allowed'));
  test('without an Origin', () => refused(bound, [], 'origin-not-allowed'));
  test('two Origin lines', () => refused(bound, [origin(PAGE), origin(PAGE)], 'origin-not-allowed'));
  test('a Referer is no Origin', () => refused(bound, [['Referer', `${PAGE}/`]], 'origin-not-allowed'));
  test('that neither record nor policy lists', () => refused(bound, [origin(ELSE)], 'origin-not-allowed', listing));
  test("that the policy doesn't list, for a key without a list", () =>
    refused(free, [origin(PAGE)], 'origin-not-allowed', listing));
  test('with an empty list', () => refused(shut, [origin(PAGE)], 'origin-not-allowed'));
});

test('origins are no matter for a secret key on a server', () => passes(secret, [], listing));
