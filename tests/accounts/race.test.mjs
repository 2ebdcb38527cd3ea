// Two clients at one key, over a store that fails, lags and applies what it refused: nothing that was answered is lost.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import {
  Api, assertRefused, digest, entryOf, issueCredential, playStore, playUpstream, policyFor, sleep, startBareEdge, startUpstream,
  stopAll, storeName, until,
} from './harness.mjs';

const ROUNDS = 1000;
const ACCOUNTS = 10;
/** Rounds that an account has at once. */
const AT_ONCE = 8;
/** After how long the Worker writes a name once more of which a put's end was unknown,
and how late a put may arrive. */
const CONFIRM_AFTER_MS = 60_000;
const LATEST_MS = 3000;

const chance = (percent) => randomInt(100) < percent;

/** Three in ten puts fail; of these some are applied all the same, at once or late. */
function anyFault() {
  const delay = chance(10) ? randomInt(300) : 0;
  if (!chance(30)) return { delay };
  const status = chance(25) ? 429 : 500;
  if (chance(40)) return { delay, status, applied: 'never' };
  if (chance(50)) return { delay, status, applied: 'now' };
  return { delay, status, applied: randomInt(LATEST_MS) };
}

async function start(upstream, store) {
  const credential = issueCredential();
  const policy = policyFor(upstream.origin);
  const edge = await startBareEdge({ policy, store: store.origin, admin: entryOf('ops', credential) });
  return { edge, api: new Api(edge, credential) };
}

let upstream;
before(async () => {
  upstream = await startUpstream();
});
after(() => upstream?.stop());

describe('clients at one key', { concurrency: true }, () => {
  test(`two clients rotate and revoke one key at once, ${ROUNDS} times, while puts fail`, { timeout: 400_000 }, async (t) => {
    const store = await playStore(anyFault);
    const { edge, api } = await start(upstream, store);
    t.after(() => stopAll(edge, store));

    const started = Date.now();
    const accounts = Array.from({ length: ACCOUNTS }, (_, index) => `acct_race_${index}`);
    const keys = [];
    await Promise.all(
      accounts.map(async (account) => {
        (await api.post('/accounts', { id: account, issue: false })).ok(201);
        let left = ROUNDS / ACCOUNTS;
        const playNext = async () => {
          while ((left -= 1) >= 0) keys.push(await playRound(api, account));
        };
        await Promise.all(Array.from({ length: AT_ONCE }, playNext));
      }),
    );
    const answers = keys.flatMap((key) => key.answers);
    const refusals = answers.filter(({ status }) => status === 409).length;
    t.diagnostic(`${keys.length} rounds,
    ${answers.length} changes (${refusals} refused) in ${Date.now() - started} ms`);
    t.diagnostic(`${store.puts} puts, ${store.faults} of them failed`);
    assert.ok(store.faults > store.puts / 5, 'the store hardly failed');
    assert.ok(refusals > ROUNDS / 10, 'the clients hardly met');

    store.fault = () => ({});
    await drained(api, accounts, store);
    t.diagnostic(`${store.puts} puts until all of it was confirmed, ${Date.now() - started} ms`);

    const audits = Object.fromEntries(await Promise.all(accounts.map(async (id) => [id, await api.audit(id)])));
    for (const entries of Object.values(audits))
      assert.deepEqual(entries.map(({ seq }) => seq), entries.map((_, index) => index + 1));
    for (const key of keys) await check(api, store, key, audits[key.account].filter((entry) => entry.key === key.id));
    // What the edge makes of it.
    for (const key of keys.slice(0, 50)) {
      const { text } = key.versions.at(-1);
      if (key.revoked) assertRefused(await edge.sendAs({ key: text }, { target: '/echo' }), 'key-revoked');
      else assert.equal((await edge.sendAs({ key: text }, { target: '/echo' })).status, 200);
    }
  });

  test('a late write of an older value is made good', { timeout: 120_000 }, async (t) => {
    const store = await playStore();
    const { edge, api } = await start(upstream, store);
    t.after(() => stopAll(edge, store));
    const { id, keys } = await api.createAccount();
    await api.written(id);

    // Of each key, the first put of its new scope fails and arrives three seconds later; what comes after works.
    const late = Object.values(keys).filter(({ kind }) => kind === 'secret');
    const missed = new Set(late.map(({ key }) => storeName(key)));
    store.fault = (name) => (missed.delete(name) ? { status: 500, applied: LATEST_MS } : {});
    const [before, during] = late;
    await Promise.all(late.map((key) => api.update(key, { scopes: ['old'] })));
    // One is revoked while its put is still to be repeated, the other one after it was.
    await api.revoke(before);
    await until(() => store.entries.get(storeName(during.key)).includes('"old"'), 'the repeated put');
    await api.revoke(during);
    await until(() => store.entries.get(storeName(during.key)).includes('"revoked"'), 'the revocation');
    const isActive = ({ key }) => !JSON.parse(store.entries.get(storeName(key))).revoked;
    await until(() => late.some(isActive), 'the late write');
    await until(() => !late.some(isActive), 'the revocations, once more', CONFIRM_AFTER_MS + 10_000);
    assert.equal(store.waiting, 0);
    for (const { key } of late) assertRefused(await edge.sendAs({ key }, { target: '/echo' }), 'key-revoked');
  });

  test('a revocation reaches the store before an import that came first', { timeout: 120_000 }, async (t) => {
    const store = await playStore(() => ({ delay: 20 }));
    const { edge, api } = await start(upstream, store);
    t.after(() => stopAll(edge, store));

    const { id, keys } = await api.createAccount();
    await api.written(id);
    const rows = Array.from({ length: 1000 }, (_, index) => ({
      digest: digest(`an imported key, ${index}`), kind: 'secret', mode: 'live',
    }));
    (await api.post(`/accounts/${id}/import`, { keys: rows })).ok(200);
    await api.revoke(keys.secret_live);
    const name = storeName(keys.secret_live.key);
    await until(() => store.entries.get(name)?.includes('"revoked"'), 'the revocation');
    const { projection } = (await api.get(`/accounts/${id}`)).ok(200);
    assert.ok(projection.pending > 500, `${projection.pending} of the import are left`);
  });

  test('a put without an answer is given up and made again', { timeout: 60_000 }, async (t) => {
    const store = await playStore();
    const { edge, api } = await start(upstream, store);
    t.after(() => stopAll(edge, store));
    const { id, keys: { secret_live: key } } = await api.createAccount();
    await api.written(id);
    let isFirst = true;
    store.fault = () => (isFirst ? ((isFirst = false), { delay: 300_000, applied: 'never' }) : {});
    await api.revoke(key);
    await until(() => JSON.parse(store.entries.get(storeName(key.key))).revoked, 'the revocation', 30_000);
  });

  test('a change says that it is on its way, and why it has not arrived', { timeout: 60_000 }, async (t) => {
    const store = await playStore();
    const { edge, api } = await start(upstream, store);
    t.after(() => stopAll(edge, store));
    const { id, keys: { secret_live: key, secret_test: other } } = await api.createAccount();
    await api.written(id);
    store.fault = () => ({ status: 500, applied: 'never' });
    const revoked = await api.revoke(key);
    assert.deepEqual([revoked.projection.pending, revoked.versions[0].projection], [true, 'pending']);
    const failing = await until(async () => {
      const shown = await api.show(key);
      return shown.projection.attempts > 1 && shown;
    }, 'a second attempt');
    assert.ok(failing.projection.last_error.length > 0);
    assert.ok(Math.abs(failing.projection.since * 1000 - Date.now()) < 30_000);
    const { projection } = (await api.get(`/accounts/${id}`)).ok(200);
    assert.deepEqual([projection.pending, projection.oldest_pending_since], [1, failing.projection.since]);
    assert.equal((await api.show(other)).projection.pending, false);
    // Reading and changing goes on without the store.
    await api.update(other, { label: 'still there' });
    store.fault = () => ({});
    const written = await until(async () => {
      const shown = await api.show(key);
      return !shown.projection.pending && shown;
    }, 'the projection');
    assert.deepEqual(written.projection, { pending: false, since: null, attempts: 0, last_error: null });
    assert.equal(written.versions[0].projection, 'written');
    assert.equal(JSON.parse(store.entries.get(storeName(key.key))).revoked.reason, 'leaked');
  });
});

/** One key, and two clients at it: what they were answered, and every text that the key ever had. */
async function playRound(api, account) {
  const issued = (await api.post(`/accounts/${account}/keys`, { kind: 'secret', mode: 'test' })).ok(201);
  const key = { account, id: issued.id, versions: [{ number: 1, text: issued.key }], answers: [], revoked: undefined };
  const path = `/accounts/${account}/keys/${key.id}`;
  const rotate = async (client) => {
    const grace = randomInt(2);
    const answer = await client.post(`${path}/rotate`, { grace_seconds: grace, end_grace: chance(40) });
    key.answers.push(answer);
    if (answer.status === 200) key.versions.push({ number: answer.json.version, text: answer.json.key, grace });
    else assert.ok(['rotation-in-progress', 'key-is-revoked'].includes(answer.refused(409, answer.json.code).code));
  };
  const revokeOld = async (client) => {
    const version = key.versions.length - 1;
    const answer = await client.post(`${path}/revoke`, { reason: 'old', version: Math.max(version, 1) });
    key.answers.push(answer);
    if (answer.status === 200) return;
    assert.ok(['current-version', 'key-is-revoked'].includes(answer.refused(409, answer.json.code).code));
  };
  const revoke = async (client) => {
    const answer = await client.post(`${path}/revoke`, { reason: 'leaked' });
    key.answers.push(answer);
    const { revoked, status } = answer.ok(200);
    assert.equal(status, 'revoked');
    key.revoked ??= revoked;
    assert.deepEqual(revoked, key.revoked);
  };
  // Most at once; the others while failed puts are repeated, confirmed, or arrive late.
  const pace = chance(70) ? 15 : LATEST_MS;
  const play = async (actor, isLastRevoked) => {
    const client = api.with({ 'Keyguard-Actor': actor });
    for (let count = randomInt(1, 3); count > 0; count -= 1) {
      await sleep(randomInt(pace));
      await (chance(80) ? rotate : revokeOld)(client);
    }
    if (!isLastRevoked) return;
    await sleep(randomInt(pace));
    await revoke(client);
  };
  await Promise.all([play('one', chance(50)), play('two', chance(50))]);
  key.versions.sort((one, other) => one.number - other.number);
  return key;
}

/** Waits until the store has everything, and until each name that had a failed put was written once more, in peace. */
async function drained(api, accounts, store) {
  for (const account of accounts) await until(() => isWritten(api, account), account, 60_000);
  const isConfirmed = () =>
    [...store.history.values()].every(({ failed, clean }) => !failed || clean - failed > CONFIRM_AFTER_MS / 2);
  const end = Date.now() + CONFIRM_AFTER_MS + 15_000;
  // Names that nobody confirms are found by what the store holds in the end.
  await until(() => isConfirmed() || Date.now() > end, 'the confirmations', CONFIRM_AFTER_MS + 20_000);
  assert.equal(store.waiting, 0);
}

async function isWritten(api, account) {
  return (await api.get(`/accounts/${account}`)).ok(200).projection.pending === 0;
}

/** That answers, audit, record and store agree on a key. */
async function check(api, store, key, entries) {
  const where = `${key.account}/${key.id}`;
  // The audit tells every step: each begins where the one before ended.
  let state = null;
  const overs = new Map();
  for (const { action, version, before, after } of entries) {
    if (action === 'version.revoked') {
      assert.equal(before.revoked, null, where);
      assert.ok(!overs.has(version), `${where}: version ${version} is over twice`);
      overs.set(version, after.revoked);
      state = { ...state, retiring: state.retiring.filter((one) => one.version !== version) };
      continue;
    }
    assert.deepEqual(before, state, `${where}: ${action}`);
    assert.equal(state?.revoked ?? null, null, `${where}: ${action} after its revocation`);
    state = after;
  }
  const numbers = entries.filter(({ action }) => action === 'key.rotated').map(({ version }) => version);
  assert.deepEqual(numbers, key.versions.slice(1).map(({ number }) => number), where);
  assert.deepEqual(numbers, numbers.map((_, index) => index + 2), where);
  assert.deepEqual(state.revoked, key.revoked ?? null, where);
  assert.ok(entries.every(({ actor }) => actor === null || ['one', 'two'].includes(actor)));

  const shown = await api.show(key);
  assert.deepEqual([shown.version, shown.revoked], [state.version, state.revoked], where);

  // No revocation is lost, and no two versions are active beyond the grace.
  const records = key.versions.map(({ text }) => JSON.parse(store.entries.get(storeName(text)) ?? 'null'));
  for (const [index, record] of records.entries()) {
    const { number, text } = key.versions[index];
    assert.ok(record, `${where}: version ${number} is not in the store`);
    if (key.revoked) assert.ok(record.revoked, `${where}: version ${number} is active in the store`);
    if (overs.has(number)) assert.ok(record.revoked, `${where}: version ${number} is over, and active in the store`);
    const listed = shown.versions.find((one) => one.version === number);
    assert.equal(listed.digest, digest(text), where);
    assert.equal(listed.status === 'revoked', Boolean(record.revoked), `${where}: version ${number}`);
    if (record.revoked || index === records.length - 1) continue;
    const { grace } = key.versions[index + 1];
    assert.equal(record.expires_at, record.rotated_at + grace, `${where}: version ${number} goes on`);
  }
  const isOpen = ({ revoked, expires_at: end }) => !revoked && (end === undefined || end * 1000 > Date.now());
  assert.equal(records.filter(isOpen).length, key.revoked ? 0 : 1, where);
}

describe('a clock that was three hours ahead and jumps back', () => {
  const ahead = (ms) => ({ 'X-Stand-In': JSON.stringify({ clock: ms }) });

  for (const [next, wake] of [
    ['the next change', ({ api, keys }) => api.update(keys.publishable_live, { label: 'x' })],
    ['a restart', async ({ edge, api, id }) => {
      await edge.kill();
      await edge.start();
      await api.get(`/accounts/${id}`);
    }],
  ]) {
    test(`holds up neither a revocation nor a message beyond ${next}`, { timeout: 60_000 }, async (t) => {
      const store = await playStore();
      let told = 0;
      let isDown = false;
      const receiver = await playUpstream(async (request, response) => {
        told += 1;
        const status = isDown ? 500 : 204;
        if (isDown) await sleep(500);
        response.writeHead(status).end();
      });
      const credential = issueCredential();
      const edge = await startBareEdge({
        policy: policyFor(store.origin, { leaks: { presented: true }, webhook: `${receiver.origin}/hook` }),
        store: store.origin,
        standIn: true,
        admin: entryOf('ops', credential),
        vars: { WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
      });
      t.after(() => stopAll(edge, store, receiver));
      const api = new Api(edge, credential);
      const { id, keys } = await api.createAccount();
      await api.written(id);

      isDown = true;
      store.fault = () => ({ delay: 500, status: 500, applied: 'never' });
      const name = storeName(keys.secret_live.key);
      (await api.post('/leaks', { key: keys.secret_live.key })).ok(202);
      await until(() => told === 1, 'the message');
      await api.with(ahead(3 * 3_600_000)).get(`/accounts/${id}`);
      await until(() => store.faults > 0, 'the failed put');
      await sleep(200);
      isDown = false;
      store.fault = () => ({});
      await wake({ edge, api, id, keys });
      await until(() => JSON.parse(store.entries.get(name)).revoked, 'the revocation', 8000);
      await until(() => told === 2, 'the message, once more', 8000);

      // It is written once more after a minute, and no more than that.
      const writes = async () => {
        const puts = [];
        store.fault = (one) => { puts.push(one); return { delay: 500 }; };
        await api.update(keys.publishable_test, { label: `${Math.random()}` });
        await until(() => puts.length > 0, 'a put');
        await api.with(ahead(61_000)).get(`/accounts/${id}`);
        await sleep(1500);
        return puts.filter((one) => one === name).length;
      };
      assert.equal(await writes(), 1);
      assert.equal(await writes(), 0);
    });
  }
});
