// What older builds of the Worker kept, in the store and in their objects, is read and carried on by this one: versions/ has it as they left
// it, killed while something was still on its way, with what they said of it themselves. The clock stands shortly after that.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';

import {
  Api, assertRefused, digest, entryOf, issueCredential, playStore, playUpstream, policyFor, secretKeys, startBareEdge, startUpstream,
  stopAll, storeName, until,
} from './harness.mjs';
import { restoreAll } from './versions/disk.mjs';

const LATE = 'a secret key whose revocation the store lacks';

for (const name of ['issuing', 'exposing']) {
  describe(`what a build wrote that was ${name} keys`, () => {
    const older = JSON.parse(readFileSync(new URL(`versions/${name}.json`, import.meta.url), 'utf8'));
    const keys = Object.fromEntries(older.keys.map(({ what, prefix, body }) => [what, `${prefix}_${body}`]));
    const told = [];
    let upstream, receiver, store, edge, api, clock;

    before(async () => {
      for (const key of Object.values(keys)) if (key.startsWith('sk_')) secretKeys.add(key);
      upstream = await startUpstream();
      receiver = await playUpstream(async (request, response) => {
        let body = '';
        for await (const part of request.setEncoding('utf8')) body += part;
        told.push({ id: request.headers['webhook-id'], body: JSON.parse(body) });
        response.end();
      });
      store = await playStore();
      for (const [entry, value, metadata] of older.store) {
        store.entries.set(entry, value);
        if (metadata) store.metadata.set(entry, metadata);
      }
      const credential = issueCredential();
      edge = await startBareEdge({
        policy: policyFor(upstream.origin, {
          routes: [{ method: 'GET', path: '/echo', scope: 'echo' }],
          memory_ttl_unknown: 0,
          // No use wakes an object before it is asked.
          last_used: 'never',
          exposure: { live: 'quarantine' },
          webhook: `${receiver.origin}/hook`,
        }),
        store: store.origin,
        standIn: true,
        admin: entryOf('ops', credential),
        vars: { WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
      });
      restoreAll(edge.disk, older.databases);
      clock = ['X-Stand-In', JSON.stringify({ clock: (older.at + 120) * 1000 - Date.now() })];
      api = new Api(edge, credential, Object.fromEntries([clock]));
    });
    after(() => stopAll(edge, store, receiver, upstream));

    const base = `/accounts/${older.account}`;
    const show = (what) => api.all(`${base}/keys`, 'keys').then((all) =>
      all.find(({ versions }) => versions.some((version) => version.digest === digest(keys[what]))));

    async function use(key, target = '/echo') {
      const headers = [['Origin', 'https://shop.example'], ['Sec-Fetch-Site', 'same-origin'], clock];
      const answer = await edge.sendAs({ key }, { target, headers });
      return answer.status === 200 ? '200' : `${answer.status} ${answer.json.code}`;
    }

    test('is judged by this guard as by that one', async () => {
      const said = {};
      for (const { what } of older.keys) said[what] = await use(keys[what]);
      assert.deepEqual(said, Object.fromEntries(older.keys.map(({ what, used }) => [what, used])));
      assert.ok(new Set(Object.values(said)).size > 1);
    });

    test('shows as it did, and what was on its way arrives', async () => {
      const shown = {
        account: (await api.get(base)).ok(200),
        keys: await api.all(`${base}/keys`, 'keys'),
        audit: await api.audit(older.account),
      };
      assert.deepEqual(known(shown, older.shown), known(older.shown, older.shown));

      await api.written(older.account);
      assert.equal(JSON.parse(store.entries.get(storeName(keys[LATE]))).revoked.reason, 'leaked');
      assert.equal(await use(keys[LATE]), '403 key-revoked');
      // The others stay as they were written.
      for (const [entry, value] of older.store) if (entry !== storeName(keys[LATE])) assert.equal(store.entries.get(entry), value);
    });

    test('told the webhook nothing that it would not have been told', async () => {
      const waiting = older.databases[Object.keys(older.databases)[0]]
        .filter((statement) => statement.startsWith('INSERT INTO notices')).map((statement) => /'(msg_\w+)'/.exec(statement)[1]);
      assert.equal(waiting.length, name === 'issuing' ? 0 : 2);
      await until(() => told.length >= waiting.length, 'the messages');
      assert.deepEqual(told.map(({ id }) => id).sort(), waiting.sort());
      for (const { body } of told) assert.deepEqual([body.type, body.data.action, body.data.count], ['key.exposed', 'quarantine', 1]);
    });

    test('is brought to the store anew, each record the same', async () => {
      const before = new Map(store.entries);
      store.entries.clear();
      (await api.post(`${base}/project`)).ok(202);
      await api.written(older.account);
      const read = (entries) => Object.fromEntries([...entries].map(([entry, value]) => [entry, JSON.parse(value)]));
      assert.deepEqual(read(store.entries), read(before));
    });

    test('is changed as if this build had written it', async () => {
      const rotated = await show('a secret key that was rotated');
      const next = await api.rotate(rotated, { grace_seconds: 60, end_grace: true });
      assert.equal(next.version, 3);
      const page = await show('a publishable key of a page');
      await api.update(page, { origins: ['https://other.example'] });
      const relayed = await show('a secret key whose proxy passes headers on');
      await api.revoke(relayed, 'over');
      await api.written(older.account);
      assert.deepEqual(
        await Promise.all([
          use(keys['a secret key that was rotated']), use(keys['the secret key in its place']), use(next.key),
          use(keys['a publishable key of a page']), use(keys['a secret key whose proxy passes headers on']),
        ]),
        ['403 key-revoked', '200', '200', '403 origin-not-allowed', '403 key-revoked'],
      );
      const actions = (await api.audit(older.account)).slice(older.shown.audit.length).map(({ action }) => action);
      assert.deepEqual(actions, ['account.projected', 'key.rotated', 'version.revoked', 'key.updated', 'key.revoked']);
      // A repeated revocation: the first one stands, whoever made it.
      assert.equal((await api.show(await show('a secret key that was revoked'))).revoked.reason, 'left');
    });

    test('is exposed, and lifted, text by text', async () => {
      const what = 'the secret key in its place';
      assert.equal(await use(keys[what]), '200');
      const answer = await edge.send({ target: `/echo?key=${keys[what]}`, headers: [clock] });
      assertRefused(answer, 'invalid-request');
      const key = await until(async () => {
        const shown = await show(what);
        return shown.versions.some(({ status }) => status === 'exposed') && shown;
      }, 'the exposure');
      assert.deepEqual(key.versions.filter(({ status }) => status === 'exposed').map((version) => version.digest), [digest(keys[what])]);
      await api.written(older.account);
      assert.equal(await use(keys[what]), '403 key-exposed');
      for (const exposed of older.keys.filter(({ used }) => used.endsWith('key-exposed'))) {
        const one = await show(exposed.what);
        (await api.post(`${base}/keys/${one.id}/lift`)).ok(200);
        await api.written(older.account);
        assert.equal(await use(keys[exposed.what]), '200', exposed.what);
      }
    });

    test('keeps each digest its account\'s', async () => {
      for (const { what } of older.keys) {
        const found = (await api.get(`/digests/${digest(keys[what])}`)).ok(200);
        assert.equal(found.account, older.account, what);
      }
      const body = { create_account: true, keys: [{ digest: digest(keys[LATE]), kind: 'secret', mode: 'test' }] };
      const { refused } = (await api.post('/accounts/acct_another/import', body)).ok(200);
      assert.deepEqual(refused.map(({ code }) => code), ['digest-taken']);
    });

    test('has in the end all tables and indexes that a new account has', async () => {
      await edge.kill();
      const [file] = Object.keys(older.databases).filter((one) => one.startsWith('accounts'));
      const made = shapes(edge.disk);
      assert.deepEqual(made.get(file), [...made].find(([one]) => one.startsWith('accounts') && one !== file)[1]);
    });
  });
}

/** By file, what each database is made of: tables, their columns, and what goes with them. */
function shapes(disk) {
  const files = readdirSync(disk, { recursive: true }).filter((name) => name.endsWith('.sqlite'));
  return new Map(files.map((file) => {
    const database = new DatabaseSync(path.join(disk, file));
    const made = database.prepare(`SELECT made.type, made.name, col.name AS column FROM sqlite_master AS made
      LEFT JOIN pragma_table_info(made.name) AS col WHERE made.name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`).all();
    database.close();
    return [file, made.map(({ type, name, column }) => `${type} ${name} ${column}`).sort()];
  }));
}

/** Of an answer what an older one has as well, since this build may say more, but for how far the store has it. */
function known(now, then) {
  if (Array.isArray(then) && Array.isArray(now)) return now.map((one, index) => known(one, then[index]));
  if (then === null || now === null || typeof then !== 'object' || typeof now !== 'object') return now;
  const fields = Object.keys(then).filter((field) => field !== 'projection');
  return Object.fromEntries(fields.map((field) => [field, known(now[field], then[field])]));
}
