// The verifiers of docs/upstream.md behind the real edge: what it signs is accepted, and worth nothing anywhere else.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';

import { policyFor, seed, send, startEdge, startEdges, stopAll } from '../edge/harness.mjs';
import { startFront } from './front.mjs';
import { assertion, claimsIn, headerOf, secret } from './reference.mjs';
import { buildUpstreams, languages, startVerifier } from './verifiers.mjs';

const live = seed('secret', 'live', { id: 'key_secret', account: 'acct_1' });
const page = seed('publishable', 'live', { id: 'key_page', account: 'acct"2"\\' });
const [first, second] = [secret('k1'), secret('k2')];
const fronts = {};
const edges = {};
let unsigning;

before(async () => {
  await buildUpstreams();
  for (const language of languages) {
    const front = await startFront();
    fronts[language] = front;
    await front.put(await startVerifier(language, { secrets: first.text, audience: front.origin }));
  }
  const routes = [{ method: 'GET', path: '/pay/{id}' }];
  const policies = languages.map((language) => policyFor(fronts[language].origin, { routes }));
  const started = await startEdges([
    ...policies.map((policy) => ({ policy, vars: { ASSERTION_SECRETS: first.text }, seeds: [live, page] })),
    { policy: policies[0] },
  ]);
  languages.forEach((language, index) => (edges[language] = started[index]));
  unsigning = started.at(-1);
});
after(() => {
  const behind = Object.values(fronts).map((front) => front.behind);
  return stopAll(...Object.values(edges), ...Object.values(fronts), ...behind);
});

const REQUESTS = [
  { method: 'GET', target: '/' },
  { method: 'HEAD', target: '/a' },
  { method: 'POST', target: '/refunds', body: '{"amount":100}' },
  { method: 'PUT', target: '/refunds/1?why=%2F', body: 'x' },
  { method: 'PATCH', target: '/refunds/1' },
  { method: 'DELETE', target: '/refunds/1?' },
  { method: 'GET', target: '/files/a%2Fb/%c3%A9/%25' },
  { method: 'GET', target: "/a;b=c/(d)'e'/~f,g@h:i!$&*+=" },
  { method: 'GET', target: '/a/./b/../c//d' },
  { method: 'GET', target: '/a/%2e%2E/b\\c' },
  { method: 'GET', target: '/caf\xc3\xa9' },
];

/** Printable ASCII, but for what the local runtime takes for no URI before any Worker sees it. */
const characters = () =>
  Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).filter((one) => !'<>`'.includes(one));

for (const language of languages) {
  describe(language, () => {
    const edge = () => edges[language];
    const front = () => fronts[language];
    const direct = (request, proof, headers = []) =>
      send(front().behind.port, { ...request, headers: [['Keyguard-Assertion', proof], ...headers] });
    /** The assertion that the edge sends with a request. */
    const signed = async (request) => {
      assert.equal((await edge().sendAs(live, request)).status, 200);
      return front().received.at(-1).assertion;
    };
    beforeEach(() => (front().received.length = 0));

    for (const request of REQUESTS) {
      test(`accepts ${request.method} ${request.target}`, async () => {
        const { status, text } = await edge().sendAs(live, request);
        assert.equal(status, 200, `${text} ${JSON.stringify(front().received)}`);
        if (request.method === 'HEAD') return;
        assert.deepEqual(JSON.parse(text), { account: 'acct_1', key_id: 'key_secret', kind: 'secret', mode: 'live' });
      });
    }

    test('accepts a path with any character that the runtime sends on', async () => {
      const refused = [];
      for (const target of characters().map((character) => `/a${character}b`)) {
        const { status } = await edge().sendAs(live, { target });
        if (status !== 200) refused.push([target, status]);
      }
      // Go's server itself answers so to an escape that is none.
      assert.deepEqual(refused, language === 'go' ? [['/a%b', 400]] : []);
    });

    test('is told of a publishable key as of a secret one', async () => {
      const { json } = await edge().sendAs(page, { target: '/pay/1' });
      assert.deepEqual(json, { account: 'acct"2"\\', key_id: 'key_page', kind: 'publishable', mode: 'live' });
    });

    test("refuses the edge's own when replayed on another path", async () => {
      const proof = await signed({ target: '/a' });
      assert.equal((await direct({ target: '/a' }, proof)).status, 200);
      assert.equal((await direct({ target: '/b' }, proof)).status, 401);
    });

    test("refuses the edge's own when replayed on another method", async () => {
      const proof = await signed({ target: '/a' });
      assert.equal((await direct({ target: '/a', method: 'DELETE' }, proof)).status, 401);
    });

    test("refuses the edge's own for another upstream", async () => {
      const proof = await signed({ target: '/a' });
      const other = fronts[languages.find((name) => name !== language)].behind;
      const { status } = await send(other.port, { target: '/a', headers: [['Keyguard-Assertion', proof]] });
      assert.equal(status, 401);
    });

    test("refuses what the edge signed an hour ago", async () => {
      const claims = claimsIn(await signed({ target: '/a' }));
      assert.equal((await direct({ target: '/a' }, assertion(claims, first))).status, 200);
      const past = { ...claims, iat: claims.iat - 3600, exp: claims.exp - 3600 };
      assert.equal((await direct({ target: '/a' }, assertion(past, first))).status, 401);
    });

    test("refuses the edge's claims under another secret", async () => {
      const claims = claimsIn(await signed({ target: '/a' }));
      assert.equal((await direct({ target: '/a' }, assertion(claims, second))).status, 401);
      assert.equal((await direct({ target: '/a' }, assertion(claims, secret('k1')))).status, 401);
    });

    test('refuses whoever comes past the edge with its headers alone', async () => {
      const headers = [['Keyguard-Account', 'acct_1'], ['Keyguard-Kind', 'secret']];
      assert.equal((await send(front().behind.port, { headers })).status, 401);
    });

    test('is not misled by an assertion that the caller sends', async () => {
      const stolen = await signed({ target: '/stolen' });
      const headers = [['Keyguard-Assertion', stolen], ['keyguard_assertion', stolen], ['Keyguard-Account', 'acct_9']];
      const { json } = await edge().sendAs(page, { target: '/pay/1', headers });
      assert.equal(json.account, 'acct"2"\\');
      assert.notEqual(front().received.at(-1).assertion, stolen);
    });
  });
}

describe('the page says', () => {
  const text = readFileSync(new URL('../../docs/upstream.md', import.meta.url), 'utf8');

  test('which header and claims the edge sends', async () => {
    assert.equal((await edges.node.sendAs(live, { target: '/a' })).status, 200);
    const { assertion: proof } = fronts.node.received.at(-1);
    const [, header] = /with the header `([^`]+)` and these claims/.exec(text);
    assert.deepEqual(headerOf(proof), JSON.parse(header));
    const rows = text.slice(text.indexOf('| claim | |'), text.indexOf('## Why verify')).match(/^\| `.*? \|/gm);
    const claims = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    assert.deepEqual(claims.toSorted(), Object.keys(claimsIn(proof)).toSorted());
    assert.equal(claimsIn(proof).exp - claimsIn(proof).iat, 60);
  });

  test('how to make a secret that the edge takes', async () => {
    const [line] = /^printf .*$/m.exec(text);
    const made = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
    const policy = policyFor(fronts.node.origin, { assertion: 'required' });
    const edge = await startEdge({ policy, vars: { ASSERTION_SECRETS: made }, seeds: [live] });
    try {
      // Signed, by a secret that this upstream doesn't know.
      assert.equal((await edge.sendAs(live)).status, 401);
      assert.equal(headerOf(fronts.node.received.at(-1).assertion).kid, 'k1');
    } finally {
      await edge.stop();
    }
  });

  test('that without a secret nothing is proved', async () => {
    assert.equal((await unsigning.sendAs(live)).status, 401);
    assert.equal(fronts.node.received.at(-1).assertion, undefined);
  });
});
