// Step 3 and 4: the one Authorization header, RFC 9110 §11.4 and RFC 6750 §2, and nothing like it elsewhere.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import {
  PUBLISHED_PUBLISHABLE, PUBLISHED_SECRET, assertRefused, issueKey, mistyped, policyFor, seed, seedOf, startEdges,
  startUpstream, stopAll,
} from './harness.mjs';

const known = seed('secret', 'test');
const foreign = [seedOf(PUBLISHED_SECRET), seedOf(PUBLISHED_PUBLISHABLE)];
const KEY = known.key;

let upstream, edge, open;

before(async () => {
  upstream = await startUpstream();
  const routes = [{ method: 'GET', path: '/echo' }];
  [edge, open] = await startEdges([
    { policy: policyFor(upstream.origin, { routes }), seeds: [known, ...foreign] },
    { policy: policyFor(upstream.origin, { routes, accept_foreign_keys: true }) },
  ]);
});
afterEach(() => upstream.clear());
after(() => stopAll(edge, upstream));

async function refused(request, code) {
  assertRefused(await edge.send({ target: '/echo', ...request }), code);
  assert.deepEqual(await upstream.received(), []);
}
const authorization = (...values) => ({ headers: values.map((value) => ['Authorization', value]) });
/** Shown as a test's name, short and without a key. */
const shown = (value) => JSON.stringify(value.replace(/(_|%5f)[a-z0-9]{16,}/gi, '$1…')).slice(0, 60);

describe('RFC 9110 §11.1, RFC 6750 §2.1: these are bearer credentials', () => {
  for (const value of [
    `Bearer ${KEY}`, `bearer ${KEY}`, `BEARER ${KEY}`, `bEaReR ${KEY}`, `Bearer  ${KEY}`, `Bearer      ${KEY}`,
    `  Bearer ${KEY}  `, `\tBearer ${KEY}\t`,
  ]) {
    test(shown(value), async () => {
      const response = await edge.send({ target: '/echo', ...authorization(value) });
      assert.equal(response.status, 200, response.text);
    });
  }
  test('header name in another case', async () => {
    const response = await edge.send({ target: '/echo', headers: [['aUTHORIZATION', `Bearer ${KEY}`]] });
    assert.equal(response.status, 200, response.text);
  });
});

describe('no bearer credential: unauthorized, with a bare challenge', () => {
  const rows = [
    '', ' ', '\t', 'Basic dXNlcjpwYXNz', 'Digest username="a"', 'BearerX abc', 'Token abc',
    `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`,
    KEY,
  ];
  for (const value of rows) test(shown(value), () => refused(authorization(value), 'unauthorized'));
  test('none at all', () => refused({}, 'unauthorized'));
  for (const name of ['X-Api-Key', 'Api-Key', 'Proxy-Authorization', 'Authorization_', 'X-Authorization', 'Cookie']) {
    test(`a key in ${name} instead`, () => refused({ headers: [[name, `Bearer ${KEY}`]] }, 'unauthorized'));
  }
  test('a key in a form body instead (RFC 6750 §2.2)', () =>
    refused(
      { method: 'POST', headers: [['Content-Type', 'application/x-www-form-urlencoded']], body: `access_token=${KEY}` },
      'unauthorized',
    ));
});

// An empty line before another is not among the repeated ones: the runtime drops it before anyone can see it.
describe('malformed or repeated credentials: invalid-request', () => {
  const rows = [
    'Bearer', 'Bearer ', 'bearer', `Bearer\t${KEY}`, `Bearer \t${KEY}`, `Bearer ${KEY} x`, `Bearer ${KEY} ${KEY}`,
    `Bearer ${KEY},`, `Bearer ${KEY};`, `Bearer "${KEY}"`, `Bearer ${KEY}\tx`, `Bearer =${KEY}`, `Bearer ${KEY}=x`,
    `Bearer token=${KEY}`, `Bearer: ${KEY}`, `Bearer,${KEY}`, `,Bearer ${KEY}`, `Bearer ${KEY}, Bearer ${KEY}`,
    `Bearer ${KEY},Bearer ${KEY}`, `Basic abc, Bearer ${KEY}`, `Bearer ${KEY}, Basic abc`, `Bearer ${KEY}\xe9`,
    `Bearer \xff`, `B\xe9arer ${KEY}`, `Bearer\xa0${KEY}`, `Bearer ${KEY}\xc2\xa0`, `Bearer \xef\xbb\xbf${KEY}`,
    'Bearer <script>', 'Bearer {}',
  ];
  for (const value of rows) test(shown(value), () => refused(authorization(value), 'invalid-request'));

  for (const values of [
    [`Bearer ${KEY}`, `Bearer ${KEY}`], [`Bearer ${KEY}`, 'Basic abc'], ['Basic abc', `Bearer ${KEY}`],
    [`Bearer ${KEY}`, ''], [`Bearer ${KEY}`, `Bearer ${KEY}`, `Bearer ${KEY}`],
  ]) {
    test(`lines ${values.map(shown).join(' and ')}`, () => refused(authorization(...values), 'invalid-request'));
  }
  test('lines with names in different case', () =>
    refused(
      {
        headers: [
          ['Authorization', `Bearer ${KEY}`],
          ['AUTHORIZATION', `Bearer ${KEY}`],
        ],
      },
      'invalid-request',
    ));
});

describe('a key in the query: invalid-request, whether or not there is a header', () => {
  const escaped = [...KEY].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('');
  const queries = [
    `access_token=${KEY}`, `key=${KEY}`, KEY, `a=b&c=${KEY}&d`, `k=${KEY.replace('_', '%5F')}`,
    `k=${KEY.replace('_', '%5f')}`, `k=${escaped}`, `k=%20${KEY}`, `k=+${KEY}`, `k=Bearer%20${KEY}`,
    `k=${issueKey('publishable', 'live')}`, `k=${PUBLISHED_PUBLISHABLE}`, `k[]=${KEY}`, `${KEY}=1`, `a;k=${KEY}`,
    `k=${KEY}#x`,
  ];
  for (const query of queries) {
    test(shown(query.replace(escaped, 'an escaped key')), async () => {
      await refused({ target: `/echo?${query}`, ...authorization(`Bearer ${KEY}`) }, 'invalid-request');
      await refused({ target: `/echo?${query}` }, 'invalid-request');
    });
  }
  test("other queries are none of the guard's business", async () => {
    for (const query of ['a=b', 'a=%zz', 'a=sk', 'sk_=1', 'task_id=123', '?']) {
      const response = await edge.sendAs(known, { target: `/echo?${query}` });
      assert.equal(response.status, 200, `${query}: ${response.text}`);
      assert.equal(response.json.url, `/echo?${query}`);
    }
  });
});

describe('well-formed tokens that are no key: invalid-key', () => {
  const body = KEY.slice('sk_test_'.length);
  const rows = [
    'abc', 'sk', 'sk_', 'sk_test_', 'sk_short', `SK_TEST_${body}`, `Sk_test_${body}`, `sk-test-${body}`,
    `sk_live_${body}`, `sk_test_${body}_`, `sk_test_${body}-`, `sk_test_${body}=`, `sk_test_.${body}`,
    `rk_test_${body}`, `xsk_test_${body}`, `sk_test_${body}+`, `sk_test_sk_test_${body}`, `sk_${'a'.repeat(129)}`,
    `sk_${'a'.repeat(15)}`,
    mistyped(KEY),
    KEY.slice(0, -1),
    `${KEY}0`,
  ];
  for (const token of rows) test(shown(token), () => refused(authorization(`Bearer ${token}`), 'invalid-key'));
  for (const length of [1000, 8 * 1024]) {
    test(`a token of ${length} bytes`, () =>
      refused(authorization(`Bearer sk_test_${'a'.repeat(length)}`), 'invalid-key'));
    test(`a malformed value of ${length} bytes`, () =>
      refused(authorization(`Bearer ${'é'.repeat(length / 2)}`), 'invalid-request'));
  }
  test('a live key is no test key with the same body', () =>
    refused(authorization(`Bearer sk_${body}`), 'invalid-key'));
});

describe('keys from elsewhere', () => {
  for (const key of foreign) {
    test(`the published ${key.record.kind} example is looked up only where the policy accepts it`, async () => {
      assertRefused(await edge.sendAs(key, { target: '/echo' }), 'invalid-key');
      assert.deepEqual(await upstream.received(), []);
      const response = await open.sendAs(key, { target: '/echo' });
      assert.equal(response.status, 200, response.text);
    });
  }
  test('an unknown one is refused where the policy accepts them', async () => {
    assertRefused(await open.send(authorization('Bearer sk_AAAAAAAAAAAAAAAAAAAAA')), 'invalid-key');
    assertRefused(await open.send(authorization(`Bearer ${mistyped(KEY)}`)), 'invalid-key');
  });
});
