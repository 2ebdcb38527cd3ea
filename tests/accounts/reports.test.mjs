// A report of an exposed key whose account can't be reached: the guard blocks the key by itself, and tells the account again.

import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';

import {
  Api, assertRefused, entryOf, issueCredential, issueKey, playStore, policyFor, sleep, startBareEdge, startUpstream, stopAll, until,
} from './harness.mjs';
import { Reports } from '../../worker/reports.mjs';

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

async function issued(mode = 'live') {
  const { id, keys } = await api.createAccount();
  await api.written(id);
  return keys[`secret_${mode}`];
}

const isExposed = async (key) => (await api.show(key)).status === 'exposed';

for (const [what, reports] of [['fails', 2], ['hangs', -1]]) {
  test(`a report whose call ${what} is made again`, async () => {
    const key = await issued();
    assertRefused(await fromPage(key.key, reports), 'secret-key-in-browser');
    await until(() => isExposed(key), 'the report');
    const { exposed } = await api.show(key);
    assert.deepEqual([exposed.channel, exposed.place], ['browser', PAGE]);
  });
}

for (const [what, isKnown] of [['a later refusal', true], ['a later refusal of a key that the store was asked for', false]]) {
  test(`a report that failed for a while is made by ${what}, and its key is blocked meanwhile`, async () => {
    const key = await issued();
    const refused = await fromPage(key.key, 4);
    assertRefused(refused, 'secret-key-in-browser');
    const { what: failed } = await until(
      () => edge.lines.all.map((line) => tried(line)).find((line) => line?.event === 'after-failed'
        && line.request_id === refused.header('keyguard-request-id')),
      'the end of the first round',
    );
    assert.equal(failed, 'report');
    assert.equal(await isExposed(key), false);
    // Too early for another round.
    assertRefused(await edge.sendAs(key, { target: '/echo' }), 'key-exposed');
    await until(async () => {
      if (isKnown) assertRefused(await edge.sendAs(key, { target: '/echo' }), 'key-exposed');
      else assertRefused(await edge.sendAs({ key: issueKey('secret', 'live') }, { target: '/echo' }), 'invalid-key');
      await sleep(500);
      return isExposed(key);
    }, 'the report');
    const [{ after: seen }] = (await api.audit(key.account)).slice(-1);
    assert.equal(seen.exposed[0].channel, 'browser');
    assert.ok(edge.lines.all.every((line) => !line.includes('report-lost')), 'a report was given up');
  });
}

const atClock = (key, clock, standIn = {}) =>
  edge.sendAs(key, { target: '/echo', headers: [['X-Stand-In', JSON.stringify({ clock, ...standIn })]] });

test('a key stays blocked while its account was not told, for as long as that is tried', async () => {
  const key = await issued();
  assertRefused(await fromPage(key.key, 1_000_000), 'secret-key-in-browser');
  for (const seconds of [0, 131, 1800, 3599]) assertRefused(await atClock(key, seconds * 1000), 'key-exposed');
  assert.equal(await isExposed(key), false);
  assertRefused(await atClock(key, 3599_000, { reports: 0 }), 'key-exposed');
  await until(async () => {
    assertRefused(await atClock(key, 3599_000), 'key-exposed');
    await sleep(500);
    return isExposed(key);
  }, 'the report');
});

test('a key that was lifted is blocked no longer than the bound of a change', async () => {
  const key = await issued();
  assertRefused(await fromPage(key.key, 0), 'secret-key-in-browser');
  await until(() => isExposed(key), 'the report');
  (await api.post(`/accounts/${key.account}/keys/${key.id}/lift`, {})).ok(200);
  await api.written(key.account);
  assertRefused(await atClock(key, 0), 'key-exposed');
  assert.equal((await atClock(key, 131_000)).status, 200);
});

test('what is certain is told, though something else was in its minute', async () => {
  // Nothing follows from it in test mode here: what does is told whatever came before.
  const key = await issued('test');
  const incidents = (code) => edge.lines.find((line) => line.event === 'exposure' && line.key_id === key.id && line.channel === code);
  const uncertain = { target: '/echo', headers: [['Origin', 'https://other.example'], ['X-Stand-In', '{}']] };
  assertRefused(await edge.sendAs(key, uncertain), 'secret-key-in-browser');
  assert.equal((await incidents('browser')).certain, false);
  const query = { target: `/echo?key=${key.key}`, headers: [['X-Stand-In', JSON.stringify({ store: 'fails once' })]] };
  assertRefused(await edge.send(query), 'invalid-request');
  assert.equal((await incidents('query')).certain, true);
});

test('a key in a query is looked for again where the store failed', async () => {
  const key = await issued();
  const query = { target: `/echo?key=${key.key}`, headers: [['X-Stand-In', JSON.stringify({ store: 'fails once' })]] };
  assertRefused(await edge.send(query), 'invalid-request');
  const { action } = await edge.lines.find((line) => line.event === 'exposure' && line.key_id === key.id);
  assert.equal(action, 'quarantine');
  await until(() => isExposed(key), 'the report');
});

test('a page is not certain where a server shows that passed its request on', async () => {
  const key = await issued();
  const send = (protocol, ...headers) => edge.sendAs(key, {
    target: '/echo',
    headers: [['Origin', PAGE], ['Sec-Fetch-Site', 'same-site'], ['X-Stand-In', JSON.stringify({ protocol })], ...headers],
  });
  const relayed = [['HTTP/1.1'], ['HTTP/2', ['Via', '1.1 shop']], [undefined, ['X-Forwarded-Host', 'shop.example']],
    ['HTTP/2', ['X-Forwarded-For', '192.0.2.1, 192.0.2.2']]];
  for (const [index, way] of relayed.entries()) {
    const refused = await send(...way);
    assertRefused(refused, 'secret-key-in-browser');
    // Of those that cost nothing one a minute is told.
    if (index > 0) continue;
    const request = refused.header('keyguard-request-id');
    const line = await edge.lines.find((one) => one.event === 'exposure' && one.request_id === request);
    assert.deepEqual([line.certain, line.action], [false, 'refuse']);
  }
  await until(async () => (await api.audit(key.account)).some(({ action }) => action === 'key.exposure_reported'), 'the audit');
  assert.equal((await api.show(key)).status, 'active');
  assertRefused(await send('HTTP/2'), 'secret-key-in-browser');
  await until(() => isExposed(key), 'the quarantine');
});

/** Reports by themselves, on a clock that the test moves, to an account that never answers. `waiting` is what `waitUntil` has. */
function playReports(t) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const lines = mock.method(console, 'error', () => {}).mock;
  globalThis.scheduler = { wait: (ms) => new Promise((settle) => { setTimeout(settle, ms); }) };
  t.after(() => {
    mock.reset();
    delete globalThis.scheduler;
  });
  const played = { reports: new Reports(() => {}), waiting: [] };
  const env = { ACCOUNTS: { idFromName: (name) => name, get: () => ({ expose: () => new Promise(() => {}) }) } };
  played.add = (digest, action = 'revoke') =>
    played.reports.add('acct_1', JSON.stringify({ digest, key_id: 'key_1', action, channel: 'http' }), 'request');
  played.add('d');
  played.deliver = () => played.reports.deliver(env, { waitUntil: (promise) => played.waiting.push(promise) });
  played.logged = () => lines.calls.map(({ arguments: [line] }) => JSON.parse(line).event);
  played.pass = async (ms) => {
    for (let left = ms; left > 0; left -= 100) {
      mock.timers.tick(100);
      await new Promise(setImmediate);
    }
  };
  return played;
}

test('a round ends, and says so, while its request is still waited for, though the account hangs', async (t) => {
  const { deliver, waiting, logged, pass } = playReports(t);
  deliver();
  let isOver = false;
  waiting[0].then(() => { isOver = true; });
  // https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil
  await pass(29_000);
  assert.deepEqual([isOver, logged()], [true, ['after-failed']]);
});

test('a report is given up after an hour, though no round of it ever came to its end', async (t) => {
  const { reports, deliver, waiting, logged, pass } = playReports(t);
  // Each request is gone, and its timers with it, before the pauses are over.
  globalThis.scheduler.wait = () => new Promise(() => {});
  deliver();
  await pass(32_000);
  deliver();
  assert.deepEqual([waiting.length, logged()], [2, []]);
  mock.timers.tick(60 * 60_000);
  deliver();
  assert.deepEqual([waiting.length, logged(), reports.isWaiting], [2, ['report-lost'], false]);
});

test('a report that says the same as one that waits is none of its own, however often the key is seen', (t) => {
  const { add, deliver, waiting } = playReports(t);
  deliver();
  add('d');
  deliver();
  assert.equal(waiting.length, 1);
  add('d', 'quarantine');
  deliver();
  assert.equal(waiting.length, 2);
});

test('a clock that jumps back makes no report wait', (t) => {
  const { deliver, waiting } = playReports(t);
  mock.timers.setTime(100_000);
  deliver();
  mock.timers.setTime(50_000);
  deliver();
  mock.timers.setTime(10_000);
  deliver();
  assert.equal(waiting.length, 3);
});

test('one request makes no more than fifty calls, and no more than a thousand reports wait', (t) => {
  const { add, deliver, waiting, logged } = playReports(t);
  for (let count = 1; count < 1000; count += 1) add(`d${count}`);
  assert.deepEqual(logged(), []);
  add('one too many');
  assert.deepEqual(logged(), ['report-lost']);
  deliver();
  assert.equal(waiting.length, 50);
  deliver();
  assert.equal(waiting.length, 100);
});

function tried(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
