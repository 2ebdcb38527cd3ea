// A report of an exposed key whose account can't be reached: the guard blocks the key by itself, and tells the account again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  Api, assertRefused, entryOf, issueCredential, playStore, policyFor, sleep, startBareEdge, startUpstream, stopAll, until,
} from './harness.mjs';

const PAGE = 'https://shop.example';

let upstream, store, edge, api;
before(async () => {
  upstream = await startUpstream();
  store = await playStore();
  const credential = issueCredential();
  edge = await startBareEdge({
    policy: policyFor(upstream.origin, { exposure: { live: 'quarantine' }, cors: { origins: [PAGE] } }),
    store: store.origin,
    standIn: true,
    admin: entryOf('ops', credential),
  });
  api = new Api(edge, credential);
});
after(() => stopAll(edge, store, upstream));

/** Sends a key from a page of ours, while so many reports fail. */
const fromPage = (key, reports) => edge.sendAs({ key }, {
  target: '/echo',
  headers: [['Origin', PAGE], ['Sec-Fetch-Site', 'cross-site'], ['X-Stand-In', JSON.stringify({ reports })]],
});

async function issued() {
  const { id, keys: { secret_live: key } } = await api.createAccount();
  await api.written(id);
  return key;
}

const isExposed = async (key) => (await api.show(key)).status === 'exposed';

test('a report whose call fails is made again', async () => {
  const key = await issued();
  assertRefused(await fromPage(key.key, 2), 'secret-key-in-browser');
  await until(() => isExposed(key), 'the report');
  const { exposed } = await api.show(key);
  assert.deepEqual([exposed.channel, exposed.place], ['browser', PAGE]);
});

test('a report that failed for a while is made by a later refusal, and the key is blocked meanwhile', async () => {
  const key = await issued();
  const refused = await fromPage(key.key, 4);
  assertRefused(refused, 'secret-key-in-browser');
  const { what } = await until(
    () => edge.lines.all.map((line) => tried(line)).find((line) => line?.event === 'after-failed'
      && line.request_id === refused.header('keyguard-request-id')),
    'the end of the first round',
  );
  assert.equal(what, 'report');
  assert.equal(await isExposed(key), false);
  await until(async () => {
    assertRefused(await edge.sendAs(key, { target: '/echo' }), 'key-exposed');
    await sleep(500);
    return isExposed(key);
  }, 'the report');
  const [{ after: seen }] = (await api.audit(key.account)).slice(-1);
  assert.equal(seen.exposed[0].channel, 'browser');
  assert.ok(edge.lines.all.every((line) => !line.includes('report-lost')), 'a report was given up');
});

function tried(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
