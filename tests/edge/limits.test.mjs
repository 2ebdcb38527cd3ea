// Step 10, the limiter by address before step 5, and what is only reported.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  assertRefused, issueKey, now, playUpstream, policyFor, seed, startBareEdge, startEdge, startEdges, stopAll,
} from './harness.mjs';

const PAGE = 'https://shop.example';
const tier = (name, limit, period = 60) => ({ name, binding: `RATE_${name.toUpperCase()}`, limit, period });
const binding = ({ binding: name, limit, period }, index) => [name, { namespace_id: `${1000 + index}`, simple: { limit, period } }];
const FEW = tier('few', 3);
const MANY = tier('many', 6, 10);

let upstream;
before(async () => {
  upstream = await playUpstream((_, response) => response.end('fine'));
});
after(() => upstream?.stop());

/** An edge with the runtime's own limiters for these tiers. */
const limited = (rates, options) => {
  const tiers = [...rates.tiers, ...(rates.refused ? [rates.refused] : [])];
  return {
    policy: policyFor(upstream.origin, { rates, routes: [{ method: 'GET', path: '/pay' }], cors: { origins: [PAGE] } }),
    bindings: { ratelimits: Object.fromEntries(tiers.map(binding)) },
    ...options,
  };
};

/** The runtime here counts in periods of the clock, and begins anew with each: what is counted has to lie in one. */
async function awayFromPeriodsEnd() {
  const left = 10_000 - (Date.now() % 10_000);
  if (left < 2000) await sleep(left);
}

/** How many of so many requests pass before the first refusal; all after it must be refused, too. */
async function passing(edge, key, count, request) {
  await awayFromPeriodsEnd();
  const statuses = [];
  for (let index = 0; index < count; index += 1) statuses.push((await edge.sendAs(key, request)).status);
  const passed = statuses.filter((status) => status === 200).length;
  assert.deepEqual(statuses, [...Array(passed).fill(200), ...Array(count - passed).fill(429)]);
  return passed;
}

function assertLimited(response, { name, limit, period }) {
  assertRefused(response, 'rate-limited');
  assert.equal(response.header('retry-after'), String(period));
  assert.equal(response.header('ratelimit-policy'), `"${name}";q=${limit};w=${period}`);
  assert.equal(response.header('ratelimit'), `"${name}";r=0;t=${period}`);
}

describe("a key's limit", () => {
  const keys = {
    few: seed('secret', 'test', { rate: 'few' }),
    many: seed('secret', 'test', { rate: 'many' }),
    none: seed('secret', 'test'),
    other: seed('secret', 'test'),
    unknown: seed('secret', 'test', { rate: 'no-such-tier' }),
    page: seed('publishable', 'test'),
    alone: seed('secret', 'test'),
    spared: seed('secret', 'test', { rate: 'few' }),
    lost: seed('secret', 'test', { rate: 'no-such-tier' }),
  };
  let withDefault, without;
  before(async () => {
    [withDefault, without] = await startEdges([
      limited({ tiers: [FEW, MANY], default: 'few' }, { seeds: Object.values(keys) }),
      limited({ tiers: [FEW, MANY] }),
    ]);
  });
  after(() => withDefault?.stop());

  test('is that of the tier that its record names', async () => {
    assert.equal(await passing(withDefault, keys.few, 5), 3);
    assertLimited(await withDefault.sendAs(keys.few), FEW);
    assert.equal(await passing(withDefault, keys.many, 8), 6);
    assertLimited(await withDefault.sendAs(keys.many), MANY);
  });

  test('is the default tier without one, and with one that is not listed', async () => {
    assert.equal(await passing(withDefault, keys.none, 5), 3);
    assert.equal(await passing(withDefault, keys.unknown, 5), 3);
  });

  test('is its own: another key of the tier passes', async () => {
    assert.equal(await passing(withDefault, keys.other, 5), 3);
  });

  test('a page can read who is over it', async () => {
    const request = { target: '/pay', headers: [['Origin', PAGE]] };
    assert.equal(await passing(withDefault, keys.page, 4, request), 3);
    const response = await withDefault.sendAs(keys.page, request);
    assertLimited(response, FEW);
    assert.equal(response.header('access-control-allow-origin'), PAGE);
    const exposed = response.header('access-control-expose-headers').toLowerCase();
    for (const name of ['retry-after', 'ratelimit', 'ratelimit-policy']) assert.ok(exposed.includes(name), exposed);
  });

  test('refusals before step 10 take nothing of it', async () => {
    for (let index = 0; index < 5; index += 1) {
      assertRefused(await without.sendAs(keys.spared, { headers: [['Sec-Fetch-Site', 'cross-site']] }), 'secret-key-in-browser');
    }
    assert.equal(await passing(without, keys.spared, 4), 3);
  });

  test('is none without a default tier', async () => {
    assert.equal(await passing(without, keys.alone, 10), 10);
  });

  test('a tier that is not listed is misconfigured without a default', async () => {
    assertRefused(await without.sendAs(keys.lost), 'misconfigured');
  });
});

describe('an address with refused credentials', () => {
  const REFUSED = tier('refused', 10);
  const from = (address) => ({ headers: [['CF-Connecting-IP', address]] });
  const guess = () => ({ key: issueKey('publishable', 'test') });
  const GUESSER = '192.0.2.1';
  let store, edge, asked;
  const hot = seed('secret', 'test');
  const entries = new Map([hot.entry]);
  before(async () => {
    asked = [];
    store = await playUpstream((request, response) => {
      const name = decodeURIComponent(new URL(request.url, 'http://store').pathname).slice(1);
      asked.push(name);
      if (!entries.has(name)) response.writeHead(404);
      response.end(entries.get(name));
    });
    edge = await startBareEdge({
      policy: policyFor(upstream.origin, {
        rates: { tiers: [tier('played', 1)], refused: { binding: REFUSED.binding, limit: REFUSED.limit, period: REFUSED.period } },
        routes: [{ method: 'GET', path: '/' }],
        memory_ttl: 300,
      }),
      store: store.origin,
      standIn: true,
    });
    assert.equal((await edge.sendAs(hot)).status, 200);
    // Over the limit: the strikes come after the answers.
    for (let index = 0; index < 30; index += 1) await edge.sendAs(guess(), from(GUESSER));
    await sleep(100);
  });
  after(() => stopAll(edge, store));

  /** So many guesses at once: how many asked the store, and the answers. */
  async function flood(address, count = 50) {
    const before = asked.length;
    const answers = await Promise.all(Array.from({ length: count }, () => edge.sendAs(guess(), from(address))));
    return { reads: asked.length - before, answers };
  }

  test('gets 429 before the store is asked', async () => {
    const { reads, answers } = await flood(GUESSER);
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(refused.length + reads, answers.length);
    // Now and then one is looked up all the same: no more than ten a second.
    assert.ok(refused.length >= 25, `${refused.length}`);
    assertLimited(refused[0], REFUSED);
  });

  test("hurts no key in use, of the same address", async () => {
    await flood(GUESSER, 10);
    assert.equal((await edge.sendAs(hot, from(GUESSER))).status, 200);
  });

  /** A key that nobody has used yet, tried from there until it gets through, so many times at most. */
  async function getThrough(most) {
    const cold = seed('secret', 'test');
    entries.set(...cold.entry);
    let tries = 0;
    let response;
    do {
      response = await edge.sendAs(cold, from(GUESSER));
      tries += 1;
      if (response.status === 429) await sleep(100);
    } while (response.status === 429 && tries < most);
    assert.equal(response.status, 200);
    return cold;
  }

  test("a key of its owner's that is not in use gets through, within a few tries", async () => {
    const cold = await getThrough(10);
    // From then on it is in use.
    await flood(GUESSER, 10);
    assert.equal((await edge.sendAs(cold, from(GUESSER))).status, 200);
  });

  test('is so, too, while a flood sends each of its guesses several times', async () => {
    let goesOn = true;
    const senders = Array.from({ length: 4 }, async () => {
      while (goesOn) {
        const key = guess();
        for (let time = 0; time < 3; time += 1) await edge.sendAs(key, from(GUESSER));
      }
    });
    await sleep(300);
    try {
      await getThrough(20);
    } finally {
      goesOn = false;
      await Promise.all(senders);
    }
  });

  test('is no other address', async () => {
    assertRefused(await edge.sendAs(guess(), from('192.0.2.2')), 'invalid-key');
  });

  test('is counted once for a request, however many keys that nobody has it names', async () => {
    const keys = () => Array.from({ length: 8 }, (_, index) => `k${index}=${issueKey('secret', 'test')}`).join('&');
    for (let index = 0; index < 3; index += 1) {
      assertRefused(await edge.send({ target: `/?${keys()}`, ...from('192.0.2.3') }), 'invalid-request');
    }
    await sleep(100);
    // Of an address over the limit most of these would get 429.
    const cold = Array.from({ length: 30 }, () => seed('secret', 'test'));
    for (const { entry } of cold) entries.set(...entry);
    const answers = await Promise.all(cold.map((key) => edge.sendAs(key, from('192.0.2.3'))));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  });

  test('is not struck for keys of which the store failed to tell', async () => {
    const broken = from('192.0.2.4').headers.concat([['X-Stand-In', JSON.stringify({ store: 'rejects' })]]);
    const [given, cold] = [20, 10].map((count) => Array.from({ length: count }, () => seed('secret', 'test')));
    for (const { entry } of [...given, ...cold]) entries.set(...entry);
    const refused = await Promise.all(given.map(({ key }) => edge.send({ target: `/?key=${key}`, headers: broken })));
    for (const response of refused) {
      assertRefused(response, 'invalid-request');
      const { request_id: id } = response.json;
      const { what } = await edge.lines.find((line) => line.event === 'after-failed' && line.request_id === id);
      assert.equal(what, 'inspection');
    }
    const answers = await Promise.all(cold.map((key) => edge.sendAs(key, from('192.0.2.4'))));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  });

  test('of IPv6 is its first 64 bits', async () => {
    for (let index = 0; index < 30; index += 1) await edge.sendAs(guess(), from(`2001:db8:0:1::${index + 1}`));
    await sleep(100);
    const { answers } = await flood('2001:db8:0:1:ffff::1', 20);
    assert.ok(answers.some(({ status }) => status === 429));
    assertRefused(await edge.sendAs(guess(), from('2001:db8:0:2::1')), 'invalid-key');
  });
});

describe('what is only reported', () => {
  const keys = {
    page: seed('secret', 'test'),
    origin: seed('publishable', 'test', { origins: [PAGE] }),
    scope: seed('secret', 'test', { scopes: ['other'] }),
    route: seed('publishable', 'test'),
    rate: seed('secret', 'test', { rate: 'few' }),
    revoked: seed('secret', 'test', { revoked: { at: 1 } }),
    exposed: seed('secret', 'test', { exposed: { at: 1, channel: 'browser' } }),
    expired: seed('secret', 'test', { expires_at: now() - 1 }),
    misfiled: seed('secret', 'test', { mode: 'live' }),
  };
  let whole, route;
  before(async () => {
    const rates = { tiers: [FEW] };
    const routes = [{ method: 'GET', path: '/pay', kinds: ['publishable', 'secret'], scope: 'pay' }];
    const options = limited(rates);
    const fields = { ...options.policy, origins: [PAGE], routes };
    [whole, route] = await startEdges([
      { ...options, policy: { ...fields, report_only: true }, seeds: Object.values(keys) },
      { ...options, policy: { ...fields, routes: [{ ...routes[0], report_only: true }] } },
    ]);
  });
  after(() => whole?.stop());

  const cross = { headers: [['Sec-Fetch-Site', 'cross-site']] };
  const elsewhere = { headers: [['Origin', 'https://other.example']], target: '/pay' };
  const rows = [
    ['a page', keys.page, cross, 'secret-key-in-browser', false],
    ['an origin', keys.origin, elsewhere, 'origin-not-allowed', true],
    ['a scope', keys.scope, { target: '/pay' }, 'insufficient-scope', true],
    ['no route', keys.route, { headers: [['Origin', PAGE]], target: '/other' }, 'insufficient-scope', false],
  ];
  /** The verdict of a request that passed: told by a query of its own is not possible, so by what came last. */
  const last = async (edge, send) => {
    const from = edge.lines.all.length;
    const response = await send();
    for (let tries = 0; tries < 100; tries += 1) {
      const line = edge.lines.all.slice(from).map((text) => JSON.parse(text)).find(({ event }) => event === 'verdict');
      if (line) return { response, line };
      await sleep(20);
    }
    return assert.fail('no verdict was logged');
  };
  for (const [what, key, request, code, byRoute] of rows) {
    test(`${what}: passes, and the log says ${code}`, async () => {
      const { response, line } = await last(whole, () => whole.sendAs(key, request));
      assert.equal(response.text, 'fine');
      assert.deepEqual([line.code, line.reported], ['allowed', code]);
    });
    test(`${what}, where a route alone is report-only: ${byRoute ? 'the same' : 'refused'}`, async () => {
      const { response, line } = await last(route, () => route.sendAs(key, request));
      if (byRoute) assert.deepEqual([response.text, line.reported], ['fine', code]);
      else assertRefused(response, code);
    });
  }

  test('the rate limit: passes, and the log says rate-limited', async () => {
    for (let index = 0; index < 3; index += 1) {
      const { line } = await last(whole, () => whole.sendAs(keys.rate));
      assert.equal(line.reported, undefined);
    }
    const { response, line } = await last(whole, () => whole.sendAs(keys.rate));
    assert.deepEqual([response.text, line.reported], ['fine', 'rate-limited']);
  });

  test('never an unknown, mis-filed, revoked, expired or exposed key', async () => {
    for (const [key, code] of [
      [{ key: issueKey('secret', 'test') }, 'invalid-key'], [keys.misfiled, 'invalid-key'], [keys.revoked, 'key-revoked'],
      [keys.expired, 'key-expired'], [keys.exposed, 'key-exposed'],
    ]) {
      assertRefused(await whole.sendAs(key, { target: '/pay' }), code);
      assertRefused(await route.sendAs(key, { target: '/pay' }), code);
    }
  });
});
