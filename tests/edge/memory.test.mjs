// What an isolate remembers of the store: that it asks seldom, and for how long it may be wrong.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { issueKey, now, playUpstream, policyFor, seed, startBareEdge, stopAll, storeName, within } from './harness.mjs';
import { Stage } from './matrix/stage.mjs';

const HELD = { headers: [['X-Held', '1']] };

describe('one isolate', () => {
  let stage;
  before(async () => {
    stage = await Stage.start({
      fields: {
        memory_ttl: 10,
        memory_ttl_unknown: 2,
        routes: [{ method: 'GET', path: '/pay' }, { method: 'GET', path: '/live', modes: ['live'] }],
      },
    });
  });
  after(() => stage?.stop());

  const asked = async (act) => {
    const before = stage.store.count;
    await act();
    return stage.store.count - before;
  };

  for (const kind of ['secret', 'publishable']) {
    test(`asks the store once for a ${kind} key in use`, async () => {
      const key = await stage.key(kind, { isHot: false });
      assert.equal(await asked(async () => {
        for (let index = 0; index < 20; index += 1) assert.equal(await stage.ask(key), '200');
      }), 1);
    });
  }

  /** Holds the store's answers back until `release` is called with what to answer. */
  function hold() {
    const held = [];
    const isAsked = stage.store.next();
    stage.store.how = (request, response) => held.push({ request, response });
    return {
      held,
      isAsked,
      async release(answer = stage.store.usual) {
        await stage.store.heal();
        for (const { request, response } of held) answer(request, response);
      },
    };
  }

  test('requests for one cold key at a time make one read', async () => {
    const key = await stage.key('secret', { isHot: false });
    const { held, isAsked, release } = hold();
    const answers = Array.from({ length: 20 }, () => stage.ask(key));
    await isAsked;
    await sleep(200);
    assert.equal(held.length, 1);
    await release();
    for (const answer of answers) assert.equal(await answer, '200');
  });

  test('they are answered when the first of them has left meanwhile', async () => {
    const key = await stage.key('secret', { isHot: false });
    const { held, isAsked, release } = hold();
    const first = net.connect(stage.edge.port, '127.0.0.1').on('error', () => {});
    const lines = stage.headers(key).map((pair) => pair.join(': '));
    first.write(['GET /pay HTTP/1.1', 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n'));
    await isAsked;
    const answers = Array.from({ length: 5 }, () => stage.ask(key));
    await sleep(100);
    first.resetAndDestroy();
    await sleep(100);
    assert.equal(held.length, 1);
    await release();
    for (const answer of answers) assert.equal(await answer, '200');
  });

  test('a read that fails fails all that wait for it, and is not remembered', async () => {
    const key = await stage.key('secret', { isHot: false });
    const { held, isAsked, release } = hold();
    const answers = Array.from({ length: 5 }, () => stage.ask(key));
    await isAsked;
    await sleep(100);
    assert.equal(held.length, 1);
    await release((_, response) => response.writeHead(500).end());
    for (const answer of answers) assert.equal(await answer, '503 store-unavailable');
    assert.equal(await asked(async () => assert.equal(await stage.ask(key), '200')), 1);
  });

  test('a read that hangs holds nobody up beyond the time limit, and the next asks anew', async () => {
    const key = await stage.key('secret', { isHot: false });
    const { release } = hold();
    const answers = await Promise.all(Array.from({ length: 5 }, () => stage.ask(key)));
    assert.deepEqual(new Set(answers), new Set(['503 store-unavailable']));
    await release(() => {});
    assert.equal(await stage.ask(key), '200');
  });

  test('a record is remembered for memory_ttl, an absent one for memory_ttl_unknown', async () => {
    const known = await stage.key('secret', { isHot: false });
    const unknown = { key: issueKey('secret', 'test') };
    for (const [key, answer, ttl] of [[known, '200', 10_000], [unknown, '400 invalid-key', 2000]]) {
      const at = (clock) => asked(async () => assert.equal(await stage.ask(key, { standIn: { clock } }), answer));
      assert.equal(await at(0), 1);
      assert.equal(await at(ttl / 2), 0);
      assert.equal(await at(ttl), 1);
      assert.equal(await at(ttl + ttl / 2), 0);
      // A clock that jumps back makes nothing younger.
      assert.equal(await at(ttl), 1);
    }
  });

  test('expiry, origin, route, mode and page are judged on every request', async () => {
    const page = 'https://shop.example';
    const origin = (value) => ({ headers: [['Origin', value]] });
    const fields = { origins: [page], expires_at: now() + 3600 };
    const publishable = await stage.key('publishable', { fields, isHot: false });
    const secret = await stage.key('secret', { fields: { expires_at: now() + 3600 }, isHot: false });
    const rows = [
      [publishable, origin(page), '200'],
      [publishable, origin('https://other.example'), '403 origin-not-allowed'],
      [publishable, { ...origin(page), target: '/other' }, '403 insufficient-scope'],
      [publishable, { ...origin(page), method: 'DELETE' }, '403 insufficient-scope'],
      [publishable, { ...origin(page), target: '/live' }, '403 insufficient-scope'],
      // The clock last: that it goes back again after it makes all be forgotten.
      [publishable, { ...origin(page), standIn: { clock: 9000 } }, '200'],
      [secret, {}, '200'],
      [secret, { headers: [['Sec-Fetch-Site', 'cross-site']] }, '403 secret-key-in-browser'],
      [secret, {}, '200'],
    ];
    for (const key of [publishable, secret]) {
      assert.equal(await asked(async () => {
        for (const [one, request, expected] of rows) if (one === key) assert.equal(await stage.ask(one, request), expected);
      }), 1, key.record.kind);
    }
  });

  test('a record that expires while it is remembered is refused', async () => {
    const key = await stage.key('secret', { fields: { expires_at: now() + 5 }, isHot: true });
    assert.equal(await asked(async () => {
      assert.equal(await stage.ask(key, { standIn: { clock: 5000 } }), '403 key-expired');
    }), 0);
  });

  test('140,000 made-up keys push out no key in use, and take a bounded room', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    const guess = () => new Promise((resolve, reject) => {
      const headers = Object.fromEntries(stage.headers({ key: issueKey('publishable', 'test') }));
      http.get({ port: stage.edge.port, host: '127.0.0.1', path: '/pay', agent, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', reject);
    });
    const flood = async (count) => {
      let left = count;
      await Promise.all(Array.from({ length: 16 }, async () => {
        while (left > 0) {
          left -= 1;
          assert.equal(await guess(), 400);
        }
      }));
    };
    const key = await stage.key('secret', { isHot: true });
    const policy = { ...stage.policy, memory_ttl: 300, memory_ttl_unknown: 300 };
    // With a heap that is just large enough (8 MB are) resident memory grows by what stays, and not by what isn't collected yet.
    await stage.deploy({ ...stage.usual, policy, v8Flags: ['--max-heap-size=16'] });
    assert.equal(await stage.ask(key), '200');
    // 10,000 entries fill their space: what comes then takes the place of others.
    await flood(100_000);
    const full = residentBytes(stage.edge.pid);
    assert.equal(await asked(async () => assert.equal(await stage.ask(key), '200')), 0);
    await flood(40_000);
    assert.equal(await asked(async () => assert.equal(await stage.ask(key), '200')), 0);
    const grown = residentBytes(stage.edge.pid) - full;
    // Half of what it would be if something stayed of each read.
    assert.ok(grown < 16 << 20, `${grown >> 20} MB more`);
    agent.destroy();
  });
});

/** What a process has in memory. */
function residentBytes(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

test('requests that share reads stay themselves when the engine has optimised what they run', async (t) => {
  const keys = Array.from({ length: 4 }, () => seed('secret', 'test'));
  const entries = new Map(keys.map(({ entry }) => entry));
  let reads = 0;
  const store = await playUpstream(async (request, response) => {
    reads += 1;
    await sleep(3);
    response.end(entries.get(decodeURIComponent(new URL(request.url, 'http://store').pathname.slice(1))));
  });
  const upstream = await playUpstream(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    response.end(Buffer.concat(parts));
  });
  t.after(() => stopAll(store, upstream));
  // Without the flags it takes the engine some ten thousand shared reads.
  const edge = await startBareEdge({
    policy: policyFor(upstream.origin, { memory_ttl: 0, log_allowed: false }), store: store.origin, v8Flags: ['--invocation-count-for-turbofan=200', '--minimum-invocations-after-ic-update=10'],
  });
  t.after(() => edge.stop());
  await Promise.all(Array.from({ length: 40 }, async (_, client) => {
    for (let round = 0; round < 100; round += 1) {
      const body = `${client} ${round}`;
      const { status, text } = await edge.sendAs(keys[client % keys.length], { method: 'POST', body });
      assert.deepEqual([status, text], [200, body]);
    }
  }));
  assert.ok(reads < (40 * 100) / 2, `${reads} reads: little was shared`);
});

describe("the bound of a change, over locations whose stores lag", () => {
  // A second of the store is 40 ms here; those of the isolate's memory are real. A location's cache has to outlast an isolate's memory.
  const SECOND = 40;
  const CACHE_TTL = 30;
  const PROPAGATION = 60;
  const BOUND = 1000 + (CACHE_TTL + PROPAGATION) * SECOND;
  // What the clocks of two processes may round away.
  const ROUNDING = 50;

  /** KV as it is written: what a location sees of it is what was written `delay` ago, and what it read stays in its cache. */
  class Lagging {
    writes = new Map();
    /** How often a location answered out of its cache. */
    hits = 0;

    put([name, value]) {
      this.writes.set(name, [...(this.writes.get(name) ?? []), { at: Date.now(), value }]);
    }

    location(delay) {
      const cache = new Map();
      return playUpstream((request, response) => {
        const url = new URL(request.url, 'http://store');
        const name = decodeURIComponent(url.pathname).slice(1);
        const ttl = Number(url.searchParams.get('cache_ttl')) * SECOND;
        const at = Date.now();
        let cached = cache.get(name);
        if (cached && at - cached.at < ttl) {
          this.hits += 1;
        } else {
          const seen = (this.writes.get(name) ?? []).filter((write) => write.at + delay <= at).at(-1);
          cached = { at, value: seen?.value };
          cache.set(name, cached);
        }
        if (cached.value === undefined) response.writeHead(404);
        response.end(cached.value);
      });
    }
  }

  let upstream, kv, stores, edges;
  before(async () => {
    upstream = await playUpstream((_, response) => response.end('fine'));
    kv = new Lagging();
    stores = await Promise.all([0, PROPAGATION / 2, PROPAGATION].map((delay) => kv.location(delay * SECOND)));
    const policy = policyFor(upstream.origin, {
      store_cache_ttl: CACHE_TTL,
      memory_ttl: 1,
      memory_ttl_unknown: 1,
      log_allowed: false,
    });
    edges = await Promise.all(stores.map(({ origin }) => startBareEdge({ policy, store: origin })));
  });
  after(() => stopAll(...(edges ?? []), ...(stores ?? []), upstream));

  // Of each key memory and caches run out at another moment: how far behind a location is depends on that.
  const KEYS = 12;
  const STAGGER = 100;

  /** Uses each key everywhere until well after the bound of its change: `{ at, answeredAt, status }` of each request, by location. */
  async function useThrough(keys, change) {
    let changedAt = Infinity;
    const everywhere = Promise.all(edges.map(async (edge) => {
      const uses = await Promise.all(keys.map(async (key, index) => {
        await sleep(index * STAGGER);
        const uses = [];
        do {
          const at = Date.now();
          const { status } = await edge.sendAs(key);
          uses.push({ at, answeredAt: Date.now(), status });
          await sleep(40);
        } while (uses.at(-1).at < changedAt + BOUND + 500);
        return uses;
      }));
      return uses.flat();
    }));
    await sleep(KEYS * STAGGER + 300);
    const changingAt = Date.now();
    for (const key of keys) kv.put(change(key));
    changedAt = Date.now();
    return { changingAt, changedAt, uses: await everywhere };
  }

  const check = ({ changingAt, changedAt, uses }, before, after) => {
    for (const [index, all] of uses.entries()) {
      for (const { at, answeredAt, status } of all) {
        // One that was on its way meanwhile may have either answer.
        if (answeredAt < changingAt) assert.equal(status, before);
        if (at >= changedAt + BOUND + ROUNDING) assert.equal(status, after, `location ${index}, ${at - changedAt} ms after`);
      }
    }
    // It is the lag that is tested: some location must have been behind, and some answers must have come out of its cache.
    assert.ok(kv.hits > 0, 'no cache was ever asked');
    const farthest = uses.at(-1).filter(({ at, status }) => at >= changedAt && status === before);
    assert.ok(farthest.length > 0, 'no location was ever behind');
  };

  test('a revoked key works nowhere after memory_ttl + store_cache_ttl + propagation', async () => {
    const keys = Array.from({ length: KEYS }, () => seed('secret', 'test'));
    for (const { entry } of keys) kv.put(entry);
    await sleep(PROPAGATION * SECOND);
    check(await useThrough(keys, ({ entry: [name], record }) => [name, JSON.stringify({ ...record, revoked: { at: now() } })]), 200, 403);
  });

  test('a new key that was asked for before works everywhere after memory_ttl_unknown + store_cache_ttl + propagation', async () => {
    const keys = Array.from({ length: KEYS }, () => seed('secret', 'test'));
    check(await useThrough(keys, ({ entry }) => entry), 400, 200);
  });
});
