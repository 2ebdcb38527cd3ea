// The runtime is killed at any moment, again and again, and starts on the same disk: no answered change is lost.

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';

import {
  Api, digest, entryOf, issueCredential, issueKey, playStore, policyFor, sleep, startBareEdge, startUpstream, stopAll,
  storeName, until,
} from './harness.mjs';

const KILLS = 30;
const CLIENTS = 4;

test(`killed ${KILLS} times, the runtime keeps every answered change and makes none twice`, { timeout: 300_000 }, async (t) => {
  const upstream = await startUpstream();
  const store = await playStore(() => ({ delay: randomInt(30) }));
  const credential = issueCredential();
  const edge = await startBareEdge({
    policy: policyFor(upstream.origin),
    store: store.origin,
    admin: entryOf('ops', credential),
  });
  t.after(() => stopAll(edge, upstream, store));
  const api = new Api(edge, credential);

  const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(api, `acct_kill_${index}`));
  let isOver = false;
  const working = clients.map(async (client) => {
    await client.begin();
    while (!isOver && !client.isOver) await client.change();
  });
  const started = Date.now();
  const killing = (async () => {
    for (let kills = 0; kills < KILLS; kills += 1) {
      await sleep(randomInt(20, 500));
      await edge.kill();
      await edge.start();
    }
    isOver = true;
  })();
  try {
    await Promise.all([killing, ...working]);
  } finally {
    for (const client of clients) client.isOver = true;
  }
  const sum = (name) => clients.reduce((total, client) => total + client[name], 0);
  t.diagnostic(
    `${sum('changes')} changes, ${sum('broken')} requests without an answer, ${sum('replayed')} of those were done ` +
      `before they came again, in ${Date.now() - started} ms`,
  );
  assert.ok(sum('broken') >= KILLS, 'the kills met no request');
  assert.ok(sum('replayed') > 0, 'no kill came between a change and its answer');

  for (const client of clients) await client.check();
  for (const { account } of clients) await api.written(account);
  await edge.kill();
  const records = clients.flatMap(({ account }) => recordsOf(edge.disk, account));
  for (const [name, record] of records) assert.equal(store.entries.get(name), record);
  assert.equal([...store.entries.keys()].filter((name) => name.startsWith('key:')).length, records.length);
  t.diagnostic(`${records.length} records, the same in the store`);
});

test('what the store lacked at a kill it gets after the start, unasked', { timeout: 60_000 }, async (t) => {
  const store = await playStore();
  const credential = issueCredential();
  const policy = policyFor(store.origin);
  const edge = await startBareEdge({ policy, store: store.origin, admin: entryOf('ops', credential) });
  t.after(() => stopAll(edge, store));
  const api = new Api(edge, credential);
  const { id, keys: { secret_live: key } } = await api.createAccount();
  await api.written(id);
  store.fault = () => ({ status: 500, applied: 'never' });
  await api.revoke(key);
  await until(() => store.faults > 0, 'a failed put');
  await edge.kill();
  store.fault = () => ({});
  await edge.start();
  await until(() => JSON.parse(store.entries.get(storeName(key.key))).revoked, 'the revocation');
});

/** Someone who changes an account of their own, and sends what got no answer again. */
class Client {
  changes = 0;
  broken = 0;
  replayed = 0;
  isOver = false;
  /** By key id, what it has to look like. */
  #keys = new Map();
  /** What the audit has to tell, in order: action, key, version. */
  #told = [];

  constructor(api, account) {
    Object.assign(this, { api, account });
  }

  async begin() {
    const { account } = await this.#send('POST', '/accounts', { id: this.account, issue: false }, 201);
    assert.equal(account.id, this.account);
    this.#told.push(['account.created', null, null]);
  }

  async change() {
    const open = [...this.#keys.values()].filter(({ revoked }) => !revoked);
    const key = open[randomInt(open.length || 1)];
    const kinds = key && open.length > 3 ? ['issue', 'rotate', 'rotate', 'update', 'revoke', 'import'] : ['issue'];
    await this[kinds[randomInt(kinds.length)]](key);
    this.changes += 1;
  }

  async issue() {
    const { id } = await this.#send('POST', `/accounts/${this.account}/keys`, { kind: 'secret', mode: 'live' }, 201);
    assert.ok(!this.#keys.has(id));
    this.#keys.set(id, { id, version: 1, label: null, revoked: null });
    this.#told.push(['key.issued', id, 1]);
  }

  async rotate(key) {
    const body = { grace_seconds: randomInt(2) * 3600, end_grace: true };
    const { version } = await this.#send('POST', `/accounts/${this.account}/keys/${key.id}/rotate`, body, 200);
    key.version += 1;
    assert.equal(version, key.version, 'a rotation was lost, or made twice');
    this.#told.push(['key.rotated', key.id, version]);
  }

  async update(key) {
    key.label = randomUUID();
    await this.#send('PATCH', `/accounts/${this.account}/keys/${key.id}`, { label: key.label }, 200);
    this.#told.push(['key.updated', key.id, key.version]);
  }

  async revoke(key) {
    const body = { reason: randomUUID() };
    const { revoked } = await this.#send('POST', `/accounts/${this.account}/keys/${key.id}/revoke`, body, 200);
    assert.equal(revoked.reason, body.reason);
    key.revoked = revoked;
    this.#told.push(['key.revoked', key.id, key.version]);
  }

  async import() {
    const ids = Array.from({ length: randomInt(1, 20) }, () => randomUUID());
    const keys = ids.map((id) => ({ id, digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live' }));
    const answer = await this.#send('POST', `/accounts/${this.account}/import`, { keys }, 200);
    assert.deepEqual(answer, { imported: ids.length, unchanged: 0, refused: [] });
    for (const id of ids) {
      this.#keys.set(id, { id, version: 1, label: null, revoked: null });
      this.#told.push(['key.imported', id, 1]);
    }
  }

  /** That everything is there that was answered, once. */
  async check() {
    const keys = await this.api.all(`/accounts/${this.account}/keys`, 'keys');
    const shown = keys.map(({ id, version, label, revoked }) => ({ id, version, label, revoked }));
    assert.deepEqual(shown, [...this.#keys.values()]);
    const entries = (await this.api.audit(this.account)).filter(({ action }) => action !== 'version.revoked');
    assert.deepEqual(entries.map(({ action, key, version }) => [action, key, version]), this.#told);
  }

  async #send(method, target, body, status) {
    const headers = { 'Idempotency-Key': randomUUID() };
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        const answer = await this.api.ask(method, target, body, headers);
        if (answer.status >= 500) throw new Error(answer.text);
        if (answer.header('idempotent-replayed')) {
          assert.ok(isRepeated, 'replayed the first time');
          this.replayed += 1;
        }
        return answer.ok(status);
      } catch (error) {
        if (error.code === 'ERR_ASSERTION' || this.isOver) throw error;
        this.broken += 1;
        await sleep(10);
      }
    }
  }
}

/** What an account's database has for the store: names and records. */
function recordsOf(disk, account) {
  const files = readdirSync(disk, { recursive: true }).filter((name) => name.endsWith('.sqlite'));
  for (const file of files) {
    const database = new DatabaseSync(path.join(disk, file));
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      if (!tables.some(({ name }) => name === 'account')) continue;
      if (database.prepare('SELECT id FROM account').get()?.id !== account) continue;
      assert.equal(database.prepare('PRAGMA integrity_check').get().integrity_check, 'ok');
      const rows = database.prepare('SELECT digest, record FROM versions').all();
      return rows.map(({ digest: one, record }) => [`key:v1:${one}`, record]);
    } finally {
      database.close();
    }
  }
  throw new Error(`${account} has no database`);
}
