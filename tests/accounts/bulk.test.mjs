// A provider moves in: a hundred thousand keys, in and out again, in bounded memory.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  Api, entryOf, issueCredential, playStore, policyFor, sleep, startBareEdge, stopAll, until,
} from './harness.mjs';

const KEYS = 100_000;
const ACCOUNTS = 5;
const BATCH = 1000;
const AT_ONCE = 4;
/** The part of the keys after which the runtime has what memory it needs: imported, listed, and in the store. */
const WARM = 20_000;
/**
 * The heap that the engine gets for the whole of it: 16 suffice, for any number of keys. Left to itself the collector lets garbage
 * grow to 100 MB and more, the later the busier the machine, and what stays of each key can't be told from it.
 */
const HEAP_MB = 20;
/** What the other keys may cost beside the heap: wasm's memory, and the database's cache. 30 were measured. */
const GROWTH_LIMIT_MB = 80;

test(`${KEYS} keys are imported, listed and brought to the store, in flat memory`, { timeout: 900_000 }, async (t) => {
  const store = await playStore();
  const credential = issueCredential();
  const policy = policyFor(store.origin);
  const v8Flags = [`--max-heap-size=${HEAP_MB}`];
  const edge = await startBareEdge({ policy, store: store.origin, admin: entryOf('ops', credential), v8Flags });
  const memory = new Memory(edge.pid);
  t.after(() => {
    memory.stop();
    return stopAll(edge, store);
  });
  const api = new Api(edge, credential);
  const digests = Object.fromEntries(Array.from({ length: ACCOUNTS }, (_, index) => [`acct_bulk_${index}`, []]));
  const accounts = Object.keys(digests);

  const importKeys = async (count) => {
    const batches = Array.from({ length: count / BATCH }, (_, index) => accounts[index % ACCOUNTS]);
    await inParallel(batches, async (account) => {
      const keys = Array.from({ length: BATCH }, row);
      const answer = await api.post(`/accounts/${account}/import`, { create_account: true, keys });
      assert.deepEqual(answer.ok(200), { imported: BATCH, unchanged: 0, refused: [] });
      digests[account].push(...keys.map(({ digest }) => digest));
    });
    return batches.length;
  };
  const listKeys = async () => {
    let requests = 0;
    await inParallel(accounts, async (account) => {
      const seen = [];
      for (let cursor; cursor !== null; requests += 1) {
        const query = new URLSearchParams(cursor === undefined ? { limit: 1000 } : { limit: 1000, cursor });
        const page = (await api.get(`/accounts/${account}/keys?${query}`)).ok(200);
        seen.push(...page.keys.map(({ versions: [{ digest }] }) => digest));
        cursor = page.next_cursor;
      }
      assert.deepEqual(seen.sort(), digests[account].toSorted());
      assert.equal((await api.get(`/accounts/${account}`)).ok(200).keys.active, seen.length);
    });
    return requests;
  };
  const drain = async () => {
    await inParallel(accounts, (account) => until(() => isWritten(api, account), account, 300_000));
    for (const digest of Object.values(digests).flat()) assert.ok(store.entries.has(`key:v1:${digest}`), digest);
  };
  const timed = async (what, job) => {
    const [start, puts] = [Date.now(), store.puts];
    const requests = await job();
    const seconds = (Date.now() - start) / 1000;
    const asked = requests === undefined ? '' : `, ${requests} requests`;
    t.diagnostic(`${what}: ${seconds.toFixed(1)} s${asked}, ${store.puts - puts} puts meanwhile`);
  };

  await importKeys(WARM);
  await drain();
  for (let round = 0; round < 10; round += 1) await listKeys();
  const warm = memory.most();
  await timed(`import of ${KEYS - WARM} keys`, () => importKeys(KEYS - WARM));
  await timed(`list of ${KEYS} keys`, listKeys);
  await timed('the rest of the way to the store', drain);
  await timed(`list of ${KEYS} keys`, listKeys);
  const growth = memory.most() - warm;
  t.diagnostic(`resident memory: at most ${warm} MB with ${WARM} keys, ${growth} MB more with ${KEYS}`);
  assert.ok(growth < GROWTH_LIMIT_MB, `${growth} MB more`);
  assert.equal(store.faults, 0);
});

async function isWritten(api, account) {
  await sleep(500);
  return (await api.get(`/accounts/${account}`)).ok(200).projection.pending === 0;
}

const row = () => ({ digest: randomBytes(32).toString('hex'), kind: 'secret', mode: 'live', last_four: 'abcd' });

/** Runs `job` for each item, a few at once. */
async function inParallel(items, job) {
  const left = [...items];
  const runNext = async () => {
    while (left.length > 0) await job(left.shift());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runNext));
}

/** The resident memory of a process, looked at four times a second. */
class Memory {
  #most = 0;
  #timer;

  constructor(pid) {
    this.#timer = setInterval(() => { this.#most = Math.max(this.#most, residentOf(pid)); }, 250);
  }

  most() {
    return this.#most;
  }

  stop() {
    clearInterval(this.#timer);
  }
}

function residentOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) / 1024);
}
