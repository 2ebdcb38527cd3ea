// Step 5: the store is asked once, for a bounded time, and whatever is wrong with it refuses.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, mock, test } from 'node:test';

import {
  assertRefused, issueKey, mistyped, playUpstream, policyFor, refusingOrigin, seed, startBareEdge, startEdge,
  startUpstream, stopAll, storeName,
} from './harness.mjs';
import { read } from '../../worker/store.mjs';

const key = seed('secret', 'test');
const other = seed('secret', 'test');
const publishable = seed('publishable', 'test');
const unknown = { key: issueKey('secret', 'test') };

let upstream;
before(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.clear());
after(() => upstream?.stop());

describe('an unreadable record refuses: store-unavailable', () => {
  const { record } = key;
  const without = (name) => Object.fromEntries(Object.entries(record).filter(([one]) => one !== name));
  const rows = [
    '', 'null', '[]', '{}', '"text"', 'no JSON', '\u0000', `${JSON.stringify(record)}}`,
    JSON.stringify(record).slice(0, -1), JSON.stringify([record]), JSON.stringify({ ...record, v: 2 }),
    JSON.stringify({ ...record, v: '1' }), JSON.stringify({ ...record, v: 0 }), JSON.stringify(without('v')),
    ...['id', 'account', 'kind', 'mode', 'created_at'].map((name) => JSON.stringify(without(name))),
    JSON.stringify({ ...record, kind: 'Secret' }), JSON.stringify({ ...record, kind: 'admin' }),
    JSON.stringify({ ...record, mode: 'prod' }), JSON.stringify({ ...record, id: 1 }),
    JSON.stringify({ ...record, expires_at: 'soon' }), JSON.stringify({ ...record, revoked: true }),
    JSON.stringify({ ...record, revoked: {} }), JSON.stringify({ ...record, exposed: 'yes' }),
    JSON.stringify({ ...record, origins: 'https://shop.example' }), JSON.stringify({ ...record, scopes: 'all' }),
    JSON.stringify({ ...record, browser_headers: 'no' }),
  ];
  const seeds = rows.map((value) => seed('secret', 'test', {}, value));
  let edge;
  before(async () => {
    edge = await startEdge({ policy: policyFor(upstream.origin), seeds });
  });
  after(() => edge?.stop());
  for (const [index, value] of rows.entries()) {
    test(JSON.stringify(value).slice(0, 100), async () => {
      assertRefused(await edge.sendAs(seeds[index], { target: '/echo' }), 'store-unavailable');
      assert.deepEqual(await upstream.received(), []);
    });
  }
});

test('unknown fields of a record are ignored', async (t) => {
  const newer = seed('secret', 'test', { colour: { a: [1] }, label: 'my key', rate: 'fast' });
  const edge = await startEdge({ policy: policyFor(upstream.origin), seeds: [newer] });
  t.after(() => edge.stop());
  assert.equal((await edge.sendAs(newer, { target: '/echo' })).status, 200);
});

test('without a store nothing passes, and the log names the binding', async (t) => {
  const edge = await startEdge({ policy: policyFor(upstream.origin), hasStore: false });
  t.after(() => edge.stop());
  assertRefused(await edge.sendAs(key, { target: '/echo' }), 'misconfigured');
  const line = await edge.lines.find(({ event }) => event === 'misconfigured');
  assert.equal(line.field, 'KEYS');
  assert.deepEqual(await upstream.received(), []);
});

describe('a store that a test plays', () => {
  let store, answer, asked, edge;
  before(async () => {
    store = await playUpstream((request, response) => {
      asked.push(new URL(request.url, store.origin));
      answer(request, response);
    });
    edge = await startBareEdge({
      // Without a memory, so that each request asks.
      policy: policyFor(upstream.origin, { store_timeout_ms: 300, store_cache_ttl: 45, memory_ttl: 0, memory_ttl_unknown: 0 }),
      store: store.origin,
    });
  });
  after(() => stopAll(edge, store));

  const asks = async (as, how, request = { target: '/echo' }) => {
    asked = [];
    answer = how;
    return edge.sendAs(as, request);
  };

  test("is asked once, for the digest, with the policy's cache time", async () => {
    const response = await asks(key, (_, response) => response.end(key.entry[1]));
    assert.equal(response.status, 200, response.text);
    assert.equal(asked.length, 1);
    assert.equal(decodeURIComponent(asked[0].pathname), `/${storeName(key.key)}`);
    assert.equal(asked[0].searchParams.get('cache_ttl'), '45');
  });

  test('is not asked before steps 1 to 4 have passed', async () => {
    for (const request of [
      {},
      { headers: [['Authorization', 'Basic x']] },
      // A publishable key is no secret to be looked after; a secret one is looked up, once the caller has its answer.
      { target: `/?k=${publishable.key}` },
      { method: 'TRACE' },
    ]) {
      asked = [];
      const response = await edge.send(request);
      assert.ok([400, 401].includes(response.status));
      assert.equal(asked.length, 0);
    }
    for (const token of ['abc', mistyped(key.key), key.key.slice(0, -1)]) {
      assertRefused(await asks({ key: token }, () => {}), 'invalid-key');
      assert.equal(asked.length, 0);
    }
  });

  test('that has no such entry: invalid-key', async () => {
    assertRefused(await asks(unknown, (_, response) => response.writeHead(404).end()), 'invalid-key');
  });

  const faults = {
    'is silent': () => {},
    'begins to answer and stops': (_, response) =>
      response.writeHead(200, { 'content-length': '1000' }).write(key.entry[1]),
    'sends headers alone': (_, response) => response.writeHead(200, { 'content-length': '1000' }).flushHeaders(),
    'fails with 500': (_, response) => response.writeHead(500).end('broken'),
    'fails with 503': (_, response) => response.writeHead(503).end(),
    'refuses with 401': (_, response) => response.writeHead(401).end(),
    'limits with 429': (_, response) => response.writeHead(429).end(),
    'cuts the connection': (request) => request.socket.destroy(),
    'cuts its answer': (request, response) =>
      response.writeHead(200, { 'content-length': '1000' }).write(key.entry[1], () => request.socket.destroy()),
    'answers with bytes that are no text': (_, response) => response.end(Buffer.from([0xff, 0xfe, 0x00])),
  };
  for (const [name, how] of Object.entries(faults)) {
    test(`that ${name}: store-unavailable`, async () => {
      assertRefused(await asks(key, how), 'store-unavailable');
      assert.deepEqual(await upstream.received(), []);
    });
  }

  test('that recovers is believed again', async () => {
    assertRefused(await asks(key, () => {}), 'store-unavailable');
    assert.equal((await asks(key, (_, response) => response.end(key.entry[1]))).status, 200);
  });

  test('holds up no other request while it is slow', async () => {
    asked = [];
    let release;
    answer = (_, response) => {
      if (!release) release = () => response.end(key.entry[1]);
      else response.end(other.entry[1]);
    };
    const first = edge.sendAs(key, { target: '/echo?first' });
    while (asked.length === 0) await once(store.server, 'request');
    // The second is answered while the first waits for the store.
    assert.equal((await edge.sendAs(other, { target: '/echo?second' })).status, 200);
    release();
    assert.ok([200, 503].includes((await first).status));
  });
});

test('a store that refuses connections: store-unavailable', async (t) => {
  const edge = await startBareEdge({ policy: policyFor(upstream.origin), store: await refusingOrigin() });
  t.after(() => edge.stop());
  assertRefused(await edge.sendAs(key, { target: '/echo' }), 'store-unavailable');
  assert.deepEqual(await upstream.received(), []);
});

test('a read is shared until it is overdue, or the clock has gone back: its request may be gone with its timer', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 100_000 });
  t.after(() => mock.reset());
  const asked = [];
  const store = { get: (name) => { asked.push([name, Date.now()]); return new Promise(() => {}); } };
  const at = (now, name = 'key:v1:a') => {
    mock.timers.setTime(now);
    return read({ waitUntil() {} }, store, name, 60, 1000).askedAt;
  };
  assert.deepEqual([at(100_000), at(100_999), at(101_000), at(101_500)], [100_000, 100_000, 101_000, 101_000]);
  assert.deepEqual([at(101_600, 'key:v1:b'), at(90_000), at(90_999)], [101_600, 90_000, 90_000]);
  assert.deepEqual(asked.map(([, time]) => time), [100_000, 101_000, 101_600, 90_000]);
});
