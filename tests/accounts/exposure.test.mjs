// A secret key becomes public: what a report of it does to the key, and what the operator gets to know.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';

import {
  Api, assertRefused, digest, entryOf, issueCredential, issueKey, now, playStore, policyFor, sleep, startApi, startBareEdge, startEdge,
  startUpstream, stopAll, until,
} from './harness.mjs';

const PLACE = 'https://shop.example';

let upstream, edge, api;
before(async () => {
  upstream = await startUpstream();
  ({ edge, api } = await startApi({ policy: policyFor(upstream.origin, { routes: [] }) }));
});
after(() => stopAll(edge, upstream));

const use = (key) => edge.sendAs({ key }, { target: '/echo' });

/** Reports a text as the guard does: `{ is_known, is_due }`. */
async function report(account, key, action, fields = {}, at = edge) {
  const text = JSON.stringify({
    digest: digest(key), key_id: 'key_of_the_record', action, channel: 'browser', place: PLACE, at: now(),
    redacted: `${key.slice(0, 3)}…${key.slice(-4)}`, ...fields,
  });
  const object = await at.account(account);
  return JSON.parse(await object.expose(text));
}

async function settled(account, key) {
  await api.written(account);
  return use(key);
}

const lift = async ({ account, id }, query = '') =>
  (await api.post(`/accounts/${account}/keys/${id}/lift${query}`)).ok(200);
const actions = async (account) => (await api.audit(account)).map(({ action }) => action).filter((one) => one !== 'key.issued');

describe('a report of a secret key', () => {
  test('to refuse it changes nothing, and is audited once a minute', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    assert.deepEqual(await report(id, key.key, 'refuse'), { is_known: true, is_due: true });
    await report(id, key.key, 'refuse');
    assert.equal((await settled(id, key.key)).status, 200);
    const shown = await api.show(key);
    assert.deepEqual([shown.status, shown.exposed], ['active', null]);
    assert.deepEqual(await actions(id), ['account.created', 'key.exposure_reported']);
    const entry = (await api.audit(id)).at(-1);
    assert.deepEqual([entry.credential, entry.actor, entry.key, entry.version], ['edge:browser', null, key.id, 1]);
    assert.deepEqual([entry.after.channel, entry.after.place], ['browser', PLACE]);
  });

  test('to quarantine it blocks it until it is lifted, and keeps where and how', async () => {
    const { id, keys: { secret_live: key, secret_test: other } } = await api.createAccount();
    const at = now();
    assert.deepEqual(await report(id, key.key, 'quarantine', { at }), { is_known: true, is_due: true });
    assertRefused(await settled(id, key.key), 'key-exposed');
    assert.equal((await use(other.key)).status, 200);
    const shown = await api.show(key);
    assert.deepEqual([shown.status, shown.exposed], ['exposed', { at, channel: 'browser', place: PLACE }]);
    assert.deepEqual([shown.versions[0].status, shown.versions[0].exposed], ['exposed', shown.exposed]);
    assert.equal((await api.get(`/accounts/${id}`)).ok(200).keys.exposed, 1);
    const listed = await api.all(`/accounts/${id}/keys?status=exposed`, 'keys');
    assert.deepEqual(listed.map((one) => one.id), [key.id]);

    assert.equal((await lift(key, '?dry_run=true')).status, 'active');
    assert.equal((await api.show(key)).status, 'exposed');
    const lifted = await lift(key);
    assert.deepEqual([lifted.status, lifted.exposed], ['active', null]);
    assert.equal((await settled(id, key.key)).status, 200);
    await lift(key);
    assert.deepEqual(await actions(id), ['account.created', 'key.exposed', 'key.lifted']);
    const [exposed, after] = (await api.audit(id)).slice(-2);
    assert.deepEqual([exposed.before.exposed, exposed.after.exposed], [[], [{ version: 1, ...shown.exposed }]]);
    assert.deepEqual([after.credential, after.before.exposed, after.after.exposed], ['ops', exposed.after.exposed, []]);
  });

  test('to quarantine it changes nothing where it was seen before an operator lifted that', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    const seen = now() - 100;
    await report(id, key.key, 'quarantine', { at: seen, place: 'https://first.example' });
    await lift(key);
    // It was on its way for long, as where the account could not be reached.
    assert.deepEqual(await report(id, key.key, 'quarantine', { at: seen + 50 }), { is_known: true, is_due: true });
    assert.equal((await api.show(key)).status, 'active');
    assert.equal((await settled(id, key.key)).status, 200);
    assert.deepEqual(await actions(id), ['account.created', 'key.exposed', 'key.lifted', 'key.exposure_reported']);
    // Nobody has decided of another text, nor of what is seen from now on.
    await sleep(1100);
    const rotated = await api.rotate(key, { grace_seconds: 600 });
    await report(id, rotated.key, 'quarantine', { at: seen });
    assertRefused(await settled(id, rotated.key), 'key-exposed');
    assert.equal((await use(key.key)).status, 200);
    await report(id, key.key, 'quarantine');
    assertRefused(await settled(id, key.key), 'key-exposed');
    // What can't be lifted is done however late it is told.
    await lift(key);
    await report(id, rotated.key, 'revoke', { at: seen });
    assertRefused(await settled(id, rotated.key), 'key-revoked');
  });

  test('to revoke it ends it for good', async () => {
    const { id, keys: { secret_test: key } } = await api.createAccount();
    await report(id, key.key, 'revoke', { channel: 'github' });
    assertRefused(await settled(id, key.key), 'key-revoked');
    const shown = await api.show(key);
    assert.deepEqual([shown.status, shown.revoked.reason, shown.exposed.channel], ['revoked', 'exposed: github', 'github']);
    (await api.post(`/accounts/${id}/keys/${key.id}/lift`)).refused(409, 'key-is-revoked');
    assert.deepEqual(await actions(id), ['account.created', 'key.exposed', 'key.revoked']);
  });

  test('that comes again is only counted', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    await report(id, key.key, 'quarantine');
    const before = await api.show(key);
    for (const action of ['quarantine', 'refuse']) {
      assert.deepEqual(await report(id, key.key, action, { channel: 'http' }), { is_known: true, is_due: false });
    }
    assert.deepEqual((await api.show(key)).exposed, before.exposed);
    // What is stronger is still done.
    assert.equal((await report(id, key.key, 'revoke')).is_due, true);
    assert.equal((await report(id, key.key, 'revoke')).is_due, false);
    assert.deepEqual(await actions(id), ['account.created', 'key.exposed', 'key.revoked']);
  });

  test('hits the text that was seen and no other version', async () => {
    for (const [action, code] of [['quarantine', 'key-exposed'], ['revoke', 'key-revoked']]) {
      const { id, keys: { secret_live: old } } = await api.createAccount();
      const rotated = await api.rotate(old, { grace_seconds: 600 });
      await report(id, old.key, action);
      assertRefused(await settled(id, old.key), code);
      assert.equal((await use(rotated.key)).status, 200);
      const { status, exposed, versions: [current, retiring] } = await api.show(old);
      assert.deepEqual([status, exposed, current.status, current.exposed], ['active', null, 'active', null]);
      assert.deepEqual([retiring.status, retiring.exposed.place], [code.replace('key-', ''), PLACE]);
    }
  });

  test('is for nobody: an unknown text, a publishable key, an account that is none', async () => {
    const { id, keys: { publishable_live: key } } = await api.createAccount();
    const nothing = { is_known: false, is_due: false };
    assert.deepEqual(await report(id, issueKey('secret', 'live'), 'revoke'), nothing);
    assert.deepEqual(await report(id, key.key, 'revoke'), nothing);
    assert.deepEqual(await report('acct_nobody', issueKey('secret', 'live'), 'revoke'), nothing);
    assert.equal((await settled(id, key.key)).status, 403);
    assert.deepEqual(await actions(id), ['account.created']);
  });

  test('keeps no place that might show a key, and no time to come', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    await report(id, key.key, 'quarantine', { place: `https://shop.example/${key.key}`, at: now() + 9999, redacted: key.key });
    const { exposed } = await api.show(key);
    assert.equal(exposed.place, null);
    assert.ok(exposed.at <= now());
  });

  test('that makes no sense changes nothing', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    for (const fields of [{ action: 'delete' }, { channel: 'rumour' }, { at: -1 }, { digest: 'x' }]) {
      await assert.rejects(report(id, key.key, 'revoke', fields));
    }
    assert.equal((await settled(id, key.key)).status, 200);
    assert.deepEqual(await actions(id), ['account.created']);
  });
});

test('rotating an exposed key makes a new text that works, and the old one never does again', async () => {
  const { id, keys: { secret_live: key } } = await api.createAccount();
  await report(id, key.key, 'quarantine');
  const rotated = await api.rotate(key, { grace_seconds: 600 });
  assert.deepEqual([rotated.status, rotated.exposed], ['active', null]);
  assert.equal((await settled(id, rotated.key)).status, 200);
  assertRefused(await use(key.key), 'key-revoked');
  await lift(key);
  assertRefused(await settled(id, key.key), 'key-revoked');
  const [current, old] = (await api.show(key)).versions;
  assert.deepEqual([current.status, old.status, old.exposed.channel], ['active', 'revoked', 'browser']);
});

describe('the last use of a key', () => {
  test('is shown in whole minutes, and never goes back', async () => {
    const { id, keys: { secret_live: key, publishable_live: other } } = await api.createAccount();
    assert.equal((await api.show(key)).last_used_at, null);
    const object = await edge.account(id);
    const at = now();
    const minute = at - (at % 60);
    await object.used(JSON.stringify({ key_id: key.id, at: at - 120 }));
    assert.equal((await api.show(key)).last_used_at, minute - 120);
    for (const told of [at, at - 60, at + 3600]) await object.used(JSON.stringify({ key_id: key.id, at: told }));
    const { last_used_at: last } = await api.show(key);
    assert.ok(last === minute || last === minute + 60, `${last}`);
    const listed = await api.all(`/accounts/${id}/keys`, 'keys');
    assert.deepEqual(listed.filter((one) => one.last_used_at !== null).map((one) => one.id), [key.id]);
    assert.equal((await api.show(other)).last_used_at, null);
  });

  test('of a key that is none is nowhere', async () => {
    await (await edge.account('acct_nobody')).used(JSON.stringify({ key_id: 'key_none', at: now() }));
    (await api.get('/accounts/acct_nobody')).refused(404, 'account-not-found');
  });
});

test('what the edge itself sees of a key and its use reaches the account', async (t) => {
  const policy = policyFor(upstream.origin, { exposure: { live: 'quarantine' }, cors: { origins: [PLACE] } });
  const { edge: guard, api: admin } = await startApi({ policy });
  t.after(() => guard.stop());
  const { id, keys: { secret_live: key } } = await admin.createAccount();
  await admin.written(id);
  assert.equal((await guard.sendAs(key, { target: '/echo' })).status, 200);
  const used = await until(async () => (await admin.show(key)).last_used_at, 'the last use');
  assert.ok(used % 60 === 0 && used <= now() && used > now() - 120, `${used}`);
  // What a page's script can't set: Fetch Metadata §2.4.
  const fromPage = { target: '/echo', headers: [['Origin', PLACE], ['Sec-Fetch-Site', 'cross-site']] };
  assertRefused(await guard.sendAs(key, fromPage), 'secret-key-in-browser');
  const shown = await until(async () => {
    const now = await admin.show(key);
    return now.status === 'exposed' && now;
  }, 'the quarantine');
  assert.deepEqual([shown.exposed.channel, shown.exposed.place], ['browser', PLACE]);
  await admin.written(id);
  assertRefused(await guard.sendAs(key, { target: '/echo' }), 'key-exposed');
});

test('the policy says whether the last use is told at all', async (t) => {
  for (const [lastUsed, isTold] of [['day', true], ['never', false]]) {
    const { edge: guard, api: admin } = await startApi({ policy: policyFor(upstream.origin, { last_used: lastUsed }) });
    t.after(() => guard.stop());
    const { id, keys: { secret_live: key, secret_test: other } } = await admin.createAccount();
    await admin.written(id);
    for (const one of [key, other]) assert.equal((await guard.sendAs(one, { target: '/echo' })).status, 200);
    if (isTold) await until(async () => (await admin.show(other)).last_used_at, 'the last use');
    else await sleep(500);
    assert.equal((await admin.show(key)).last_used_at !== null, isTold, lastUsed);
  }
});

test('an account is told of a use once a minute for a key, however often it is used', async (t) => {
  const store = await playStore();
  const credential = issueCredential();
  const guard = await startBareEdge({
    policy: policyFor(upstream.origin), store: store.origin, standIn: true, admin: entryOf('ops', credential),
  });
  t.after(() => stopAll(guard, store));
  const admin = new Api(guard, credential);
  const { id, keys: { secret_live: key, secret_test: other } } = await admin.createAccount();
  await admin.written(id);
  // Early in a minute, so that all of these are of one.
  const early = 65_000 - (Date.now() % 60_000);
  const use = async (one, clock, times = 1) => {
    const headers = [['X-Stand-In', JSON.stringify({ clock })]];
    for (let count = 0; count < times; count += 1) assert.equal((await guard.sendAs(one, { target: '/echo', headers })).status, 200);
  };
  const told = () => guard.lines.all.filter((line) => line.includes('"event":"used"')).length;
  const untilTold = (count) => until(() => told() >= count, `${count} calls`);
  await use(key, early, 30);
  await use(other, early);
  await untilTold(2);
  await use(key, early + 60_000, 30);
  await untilTold(3);
  await use(other, early + 120_000);
  await untilTold(4);
  assert.equal(told(), 4);
  assert.equal((await admin.show(key)).last_used_at % 60, 0);
});

describe('what the edge sees in each channel', () => {
  const place = { browser: PLACE, http: null, query: null };
  const ways = {
    browser: (key) => ({ target: '/echo', headers: [['Authorization', `Bearer ${key}`], ['Origin', PLACE], ['Sec-Fetch-Site', 'same-site']] }),
    http: (key) => ({ target: '/echo', host: 'api.example.com', headers: [['Authorization', `Bearer ${key}`]] }),
    query: (key) => ({ target: `/echo?api_key=${key}` }),
  };
  const codes = { browser: 'secret-key-in-browser', http: 'https-required', query: 'invalid-request' };

  for (const [action, statuses] of Object.entries({
    refuse: { browser: 'active', http: 'active', query: 'active' },
    quarantine: { browser: 'exposed', http: 'exposed', query: 'exposed' },
    revoke: { browser: 'exposed', http: 'revoked', query: 'revoked' },
  })) {
    test(`${action}: the log, the audit and the key say so, and no key that is none is reported`, async (t) => {
      // `refuse` is the default.
      const exposure = action === 'refuse' ? {} : { exposure: { live: action } };
      const { edge: guard, api: admin } = await startApi({ policy: policyFor(upstream.origin, { cors: { origins: [PLACE] }, ...exposure }) });
      t.after(() => guard.stop());
      for (const [channel, way] of Object.entries(ways)) {
        const { id, keys: { secret_live: key } } = await admin.createAccount();
        await admin.written(id);
        // A key that nobody has is no incident.
        await guard.send(way(issueKey('secret', 'live')));
        const refused = await guard.send(way(key.key));
        assertRefused(refused, codes[channel]);
        const request = refused.header('keyguard-request-id');
        const line = await guard.lines.find((one) => one.event === 'exposure' && one.request_id === request);
        assert.deepEqual([line.key_id, line.channel, line.place, line.certain], [key.id, channel, place[channel], true]);
        const told = action === 'revoke' && channel === 'browser' ? 'quarantine' : action;
        assert.equal(line.action, told);
        const entry = await until(async () => {
          const entries = await admin.audit(id);
          return entries.find(({ credential }) => credential === `edge:${channel}`);
        }, 'the audit');
        assert.equal(entry.request_id, request);
        assert.equal(entry.action, told === 'refuse' ? 'key.exposure_reported' : 'key.exposed');
        assert.equal((await admin.show(key)).status, statuses[channel]);
        await admin.written(id);
        const response = await guard.sendAs(key, { target: '/echo' });
        if (statuses[channel] === 'active') assert.equal(response.status, 200);
        else assertRefused(response, `key-${statuses[channel]}`);
      }
      const incidents = guard.lines.all.filter((text) => text.includes('"event":"exposure"') && text.includes('"certain"'));
      assert.equal(incidents.length, 3);
    });
  }
});

describe('a key in the query of a request that is answered for another reason', () => {
  const preflight = (origin) => [['Origin', origin], ['Access-Control-Request-Method', 'POST'], ['Access-Control-Request-Headers', 'x-one']];
  const ways = {
    'a preflight of a page that may call': [{ method: 'OPTIONS', headers: preflight(PLACE) }, 204],
    'a preflight of another page': [{ method: 'OPTIONS', headers: preflight('https://other.example') }, 403],
    'a method that is never forwarded': [{ method: 'TRACE' }, 400],
    'the admin API': [{ path: '/_keyguard/v1/accounts' }, 401],
  };

  for (const [name, [request, status]] of Object.entries(ways)) {
    test(`${name}: the answer stays, and the key is over`, async (t) => {
      const policy = policyFor(upstream.origin, { exposure: { live: 'revoke' }, cors: { origins: [PLACE] } });
      const { edge: guard, api: admin } = await startApi({ policy });
      t.after(() => guard.stop());
      const { id, keys: { secret_live: key, publishable_live: publishable } } = await admin.createAccount();
      await admin.written(id);
      const { path = '/echo', ...rest } = request;
      const send = (text) => guard.send({ ...rest, target: `${path}?api_key=${text}` });
      assert.equal((await send(publishable.key)).status, status);
      assert.equal((await send(issueKey('secret', 'live'))).status, status);
      assert.equal((await send(key.key)).status, status);
      await until(async () => (await admin.show(key)).status === 'revoked', 'the end of the key');
      assert.equal((await admin.show(key)).exposed.channel, 'query');
      assert.equal((await admin.show(publishable)).status, 'active');
    });
  }
});

test('every key of one query reaches its account, whatever stands before it', async (t) => {
  const policy = policyFor(upstream.origin, { exposure: { live: 'revoke', test: 'quarantine' } });
  const { edge: guard, api: admin } = await startApi({ policy });
  t.after(() => guard.stop());
  const [first, second] = [await admin.createAccount(), await admin.createAccount()];
  for (const { id } of [first, second]) await admin.written(id);
  const keys = [first.keys.secret_live, second.keys.secret_live, first.keys.secret_test];
  const made = () => issueKey('secret', 'live');
  const parts = [made(), keys[0].key, made(), made(), keys[1].key, first.keys.publishable_live.key, keys[2].key];
  const target = `/echo?${parts.map((part, index) => `k${index}=${part}`).join('&')}`;
  assertRefused(await guard.send({ target }), 'invalid-request');
  for (const [index, status] of ['revoked', 'revoked', 'exposed'].entries()) {
    await until(async () => (await admin.show(keys[index])).status === status, `the ${index + 1}. key's end`);
    assert.equal((await admin.show(keys[index])).exposed.channel, 'query');
  }
  assert.equal((await admin.show(first.keys.publishable_live)).status, 'active');
});

test('no page takes a key away for good', async (t) => {
  const policy = policyFor(upstream.origin, { exposure: { live: 'revoke' }, cors: { origins: [PLACE] } });
  const { edge: guard, api: admin } = await startApi({ policy });
  t.after(() => guard.stop());
  const { id, keys: { secret_live: key } } = await admin.createAccount();
  await admin.written(id);
  // A program can say the same by way of a merchant's own server, which adds its key.
  const fromPage = { target: '/echo', headers: [['Origin', PLACE], ['Sec-Fetch-Site', 'cross-site']] };
  assertRefused(await guard.sendAs(key, fromPage), 'secret-key-in-browser');
  await until(async () => (await admin.show(key)).status === 'exposed', 'the quarantine');
  (await admin.post(`/accounts/${id}/keys/${key.id}/lift`)).ok(200);
  assert.equal((await admin.show(key)).status, 'active');
});

test('an account of before there were exposures gets what it lacks', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-older-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const options = { policy: policyFor(upstream.origin), folder };
  const first = await startApi(options);
  const { id, keys } = await first.api.createAccount({ id: 'acct_older' });
  const rotated = await first.api.rotate(keys.secret_live, { grace_seconds: 600 });
  await first.api.written(id);
  await first.edge.stop();
  for (const name of readdirSync(folder, { recursive: true }).filter((one) => one.endsWith('.sqlite'))) age(path.join(folder, name));

  const second = await startEdge({ ...options, admin: entryOf('ops', first.api.credential) });
  t.after(() => second.stop());
  const older = new Api(second, first.api.credential);
  const shown = await older.show(keys.secret_live);
  assert.deepEqual([shown.status, shown.exposed, shown.last_used_at, shown.versions.length], ['active', null, null, 2]);
  assert.equal((await report(id, rotated.key, 'quarantine', {}, second)).is_due, true);
  assert.deepEqual((await older.show(keys.secret_live)).versions.map(({ status }) => status), ['exposed', 'retiring']);
  await older.written(id);
  assertRefused(await second.sendAs({ key: rotated.key }, { target: '/echo' }), 'key-exposed');
});

/** Makes of an account's database what an older version left: without the newer tables, an exposure of the whole key. */
function age(file) {
  const database = new DatabaseSync(file);
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all().map(({ name }) => name);
    if (!tables.includes('keys')) return;
    for (const table of ['incidents', 'notices', 'uses']) database.exec(`DROP TABLE ${table}`);
    database.exec("UPDATE keys SET document = json_set(document, '$.exposed', NULL)");
  } finally {
    database.close();
  }
}
