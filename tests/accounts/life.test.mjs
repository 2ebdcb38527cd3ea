// The life of a key, from the admin API to what the edge says of it: issued, used, changed, rotated, revoked, expired.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  PUBLISHED_PUBLISHABLE, PUBLISHED_SECRET, assertRefused, digest, issueKey, now, policyFor, sleep, startApi,
  startUpstream, stopAll, until,
} from './harness.mjs';

const SESSION = {
  method: 'POST',
  target: '/collect/payment_sessions',
  headers: [['Content-Type', 'application/json']],
  body: '{"amount":1000,"currency":"EUR"}',
};
const ECHO = { target: '/echo' };
const routes = [
  { method: 'POST', path: '/collect/payment_sessions' },
  { method: 'GET', path: '/echo', kinds: ['secret'], scope: 'echo' },
];

const PREFIXES = {
  secret_live: /^sk_[^_]+$/,
  secret_test: /^sk_test_/,
  publishable_live: /^pk_[^_]+$/,
  publishable_test: /^pk_test_/,
};

let upstream, edge, api;
before(async () => {
  upstream = await startUpstream();
  const policy = policyFor(upstream.origin, { accept_foreign_keys: true, routes });
  ({ edge, api } = await startApi({ policy }));
});
after(() => stopAll(edge, upstream));

const use = (key, request = ECHO) => edge.sendAs({ key }, request);

/** The edge's answer, once the store has what the account has. */
async function settled(account, key, request) {
  await api.written(account);
  return use(key, request);
}

const makeAccount = async () => {
  const account = await api.createAccount();
  await api.written(account.id);
  return account;
};

describe('an account', () => {
  test('comes with four keys, which work at the edge in their mode', async () => {
    const { id, keys } = await makeAccount();
    assert.deepEqual(Object.keys(keys).sort(), ['publishable_live', 'publishable_test', 'secret_live', 'secret_test']);
    await upstream.clear();
    for (const [name, { key, id: keyId, kind, mode }] of Object.entries(keys)) {
      assert.match(key, PREFIXES[name]);
      const response = await use(key, SESSION);
      assert.equal(response.status, 201, response.text);
      assert.deepEqual([response.json.account, response.json.mode], [id, mode]);
      const [received] = (await upstream.received()).slice(-1);
      const value = (header) => received.headers.find(([one]) => one.toLowerCase() === header)?.[1];
      assert.deepEqual([value('keyguard-key-id'), value('keyguard-kind')], [keyId, kind]);
    }
  });

  test('keeps its id and label, and is listed', async () => {
    const { account } = await api.createAccount({ id: 'shop.example:1', label: 'Shop – Nürnberg' });
    assert.deepEqual([account.id, account.label, account.keys.active], ['shop.example:1', 'Shop – Nürnberg', 4]);
    await api.written(account.id);
    const listed = await until(async () => {
      const accounts = await api.all('/accounts', 'accounts');
      return accounts.find(({ id }) => id === account.id);
    }, 'the account in the list');
    assert.deepEqual(listed, { id: account.id, label: account.label, created_at: account.created_at });
    (await api.post('/accounts', { id: account.id })).refused(409, 'account-exists');
  });

  test('can come without keys', async () => {
    const { id, list } = await api.createAccount({ issue: false });
    assert.deepEqual(list, []);
    assert.deepEqual((await api.get(`/accounts/${id}/keys`)).ok(200), { keys: [], next_cursor: null });
  });

  test('counts its keys by status', async () => {
    const { id, keys } = await makeAccount();
    await api.revoke(keys.secret_test);
    await api.issue(id, { kind: 'secret', mode: 'test', expires_at: now() + 1 });
    await until(async () => {
      const { keys: counts } = (await api.get(`/accounts/${id}`)).ok(200);
      return counts.expired === 1 && counts;
    }, 'the expiry');
    const { keys: counts } = (await api.get(`/accounts/${id}`)).ok(200);
    assert.deepEqual(counts, { active: 3, expired: 1, revoked: 1, exposed: 0 });
  });
});

describe('a rotation', () => {
  test('with grace: both versions work, the old one says until when, and then is over', async () => {
    const { id, keys: { secret_live: old } } = await makeAccount();
    const rotated = await api.rotate(old, { grace_seconds: 4 });
    assert.deepEqual([rotated.id, rotated.version, rotated.status], [old.id, 2, 'active']);
    const [current, retiring] = rotated.versions;
    assert.deepEqual([current.version, current.status, retiring.version, retiring.status], [2, 'active', 1, 'retiring']);
    assert.deepEqual([current.digest, retiring.digest], [digest(rotated.key), digest(old.key)]);
    const [rotatedAt, end] = [current.created_at, retiring.expires_at];
    assert.equal(end - rotatedAt, 4);

    const fresh = await settled(id, rotated.key);
    assert.deepEqual([fresh.status, fresh.header('deprecation'), fresh.header('sunset')], [200, undefined, undefined]);
    const late = await use(old.key);
    assert.equal(late.status, 200, late.text);
    // RFC 9745 §2.1: a structured field date. RFC 8594 §3: an HTTP date.
    assert.equal(late.header('deprecation'), `@${rotatedAt}`);
    assert.equal(late.header('sunset'), new Date(end * 1000).toUTCString());

    await sleep(end * 1000 - Date.now() + 50);
    assertRefused(await use(old.key), 'key-expired');
    assert.equal((await use(rotated.key)).status, 200);
    const { versions } = await api.show(old);
    assert.deepEqual(versions.map(({ status }) => status), ['active', 'expired']);
  });

  test('without grace revokes the old version at once', async () => {
    const { id, keys: { secret_test: old } } = await makeAccount();
    const rotated = await api.rotate(old, { grace_seconds: 0 });
    assert.equal((await settled(id, rotated.key)).status, 200);
    assertRefused(await use(old.key), 'key-revoked');
    assert.deepEqual(rotated.versions.map(({ status }) => status), ['active', 'revoked']);
  });

  test('has a grace of a day unless told', async () => {
    const { keys: { secret_test: old } } = await makeAccount();
    const { versions: [current, retiring] } = await api.rotate(old);
    assert.equal(retiring.expires_at - current.created_at, 86_400);
  });

  test('never lengthens the life of the old version', async () => {
    const { id } = await makeAccount();
    const expires_at = now() + 3600;
    const old = await api.issue(id, { kind: 'secret', mode: 'test', expires_at });
    const { versions: [, retiring] } = await api.rotate(old, { grace_seconds: 86_400 });
    assert.equal(retiring.expires_at, expires_at);
  });

  test('during a grace is refused, unless it ends that grace', async () => {
    const { id, keys: { secret_live: first } } = await makeAccount();
    const second = await api.rotate(first, { grace_seconds: 3600 });
    for (const grace_seconds of [0, 60, 3600]) {
      (await api.post(`/accounts/${id}/keys/${first.id}/rotate`, { grace_seconds })).refused(409, 'rotation-in-progress');
    }
    assert.equal((await settled(id, first.key)).status, 200);
    const third = await api.rotate(first, { grace_seconds: 3600, end_grace: true });
    assert.equal((await settled(id, third.key)).status, 200);
    assert.equal((await use(second.key)).status, 200);
    assertRefused(await use(first.key), 'key-revoked');
    assert.deepEqual(third.versions.map(({ version, status }) => [version, status]), [
      [3, 'active'], [2, 'retiring'], [1, 'revoked'],
    ]);
  });

  test('takes on settings, and a later change reaches both versions', async () => {
    const { id, keys: { secret_live: old } } = await makeAccount();
    await api.update(old, { scopes: ['other'] });
    const rotated = await api.rotate(old, { grace_seconds: 3600 });
    assert.deepEqual(rotated.scopes, ['other']);
    assertRefused(await settled(id, rotated.key), 'insufficient-scope');
    assertRefused(await use(old.key), 'insufficient-scope');
    await api.update(old, { scopes: null });
    assert.equal((await settled(id, rotated.key)).status, 200);
    assert.equal((await use(old.key)).status, 200);
  });

  test('shows ten versions and revokes all of them in the end', async () => {
    const { id, keys: { secret_test: key } } = await makeAccount();
    const texts = [key.key];
    for (let round = 0; round < 12; round += 1) texts.push((await api.rotate(key, { grace_seconds: 0 })).key);
    const { version, versions } = await api.show(key);
    assert.deepEqual([version, versions.length, versions[0].version], [13, 10, 13]);
    await api.revoke(key);
    await api.written(id);
    for (const text of texts) assertRefused(await use(text), 'key-revoked');
  });

  test('refuses a grace above 30 days and an expiry that is over', async () => {
    const { keys: { secret_test: { id, account } } } = await makeAccount();
    for (const body of [
      { grace_seconds: 2_592_001 }, { grace_seconds: -1 }, { grace_seconds: 1.5 }, { grace_seconds: '1' },
      { grace_seconds: null }, { expires_at: now() - 1 }, { expires_at: Date.now() * 1000 }, { end_grace: 'yes' },
    ]) {
      (await api.post(`/accounts/${account}/keys/${id}/rotate`, body)).refused(400, 'invalid-body');
    }
    assert.equal((await api.show({ id, account })).version, 1);
  });
});

describe('a revocation', () => {
  test('ends the key with all its versions', async () => {
    const { id, keys: { secret_live: old } } = await makeAccount();
    const rotated = await api.rotate(old, { grace_seconds: 3600 });
    const revoked = await api.revoke(old, 'leaked in a repository');
    assert.deepEqual([revoked.status, revoked.revoked.reason], ['revoked', 'leaked in a repository']);
    assertRefused(await settled(id, rotated.key), 'key-revoked');
    assertRefused(await use(old.key), 'key-revoked');
    assert.deepEqual(revoked.versions.map(({ status }) => status), ['revoked', 'revoked']);
  });

  test('stands as it was when it comes again', async () => {
    const { id, keys: { secret_live: key } } = await makeAccount();
    const first = await api.revoke(key, 'first');
    await api.written(id);
    const again = await api.revoke(key, 'second');
    assert.deepEqual([again.revoked, again.projection.pending], [first.revoked, false]);
    assert.equal((await api.audit(id)).filter(({ action }) => action === 'key.revoked').length, 1);
  });

  test('can be undone by nothing', async () => {
    const { id, keys: { secret_live: key } } = await makeAccount();
    await api.revoke(key);
    const path = `/accounts/${id}/keys/${key.id}`;
    (await api.post(`${path}/rotate`, {})).refused(409, 'key-is-revoked');
    (await api.post(`${path}/rotate`, { grace_seconds: 0, end_grace: true })).refused(409, 'key-is-revoked');
    (await api.post(`${path}/revoke`, { reason: 'x', version: 1 })).refused(409, 'key-is-revoked');
    for (const change of [{ label: 'a' }, { expires_at: now() + 60 }, { expires_at: null }, { scopes: null }, {}]) {
      (await api.patch(path, change)).refused(409, 'key-is-revoked');
    }
    const row = { digest: digest(key.key), kind: 'secret', mode: 'live', revoked: null };
    const imported = await api.post(`/accounts/${id}/import`, { keys: [row, { ...row, id: key.id }] });
    assert.deepEqual(imported.ok(200), { imported: 0, unchanged: 2, refused: [] });
    const another = await api.post('/accounts/acct_other/import', { create_account: true, keys: [row] });
    assert.equal(another.ok(200).refused[0].code, 'digest-taken');
    const other = digest(issueKey('secret', 'live'));
    const sameId = await api.post(`/accounts/${id}/import`, { keys: [{ ...row, digest: other, id: key.id }] });
    assert.equal(sameId.ok(200).refused[0].code, 'key-exists');
    assert.equal((await api.post(`/accounts/${id}/project`)).ok(202).queued, 5);
    assertRefused(await settled(id, key.key), 'key-revoked');
    const shown = await api.show(key);
    assert.deepEqual([shown.status, shown.versions[0].status, shown.version], ['revoked', 'revoked', 1]);
  });

  test('of a retiring version alone leaves the current one', async () => {
    const { id, keys: { secret_live: old } } = await makeAccount();
    const rotated = await api.rotate(old, { grace_seconds: 3600 });
    const path = `/accounts/${id}/keys/${old.id}/revoke`;
    (await api.post(path, { reason: 'x', version: 2 })).refused(409, 'current-version');
    for (const version of [0, 3]) (await api.post(path, { reason: 'x', version })).refused(404, 'key-not-found');
    const after = await api.revoke(old, 'seen in a log', { version: 1 });
    assert.deepEqual([after.status, after.revoked], ['active', null]);
    assert.equal((await settled(id, rotated.key)).status, 200);
    assertRefused(await use(old.key), 'key-revoked');
    assert.deepEqual((await api.revoke(old, 'again', { version: 1 })).versions, (await api.show(old)).versions);
    // No grace goes on any more, so the next rotation needs no leave.
    assert.equal((await api.rotate(old, { grace_seconds: 60 })).version, 3);
  });

  test('needs a reason that can be kept', async () => {
    const { id, keys: { secret_live: key } } = await makeAccount();
    for (const body of [
      {}, { reason: '' }, { reason: null }, { reason: 'a'.repeat(201) }, { reason: 'a\nb' }, { reason: 'x',
      version: -1 },
      { reason: `it was ${key.key}` },
    ]) {
      (await api.post(`/accounts/${id}/keys/${key.id}/revoke`, body)).refused(400, 'invalid-body');
    }
    assert.equal((await api.show(key)).status, 'active');
  });
});

describe('an expiry', () => {
  test('ends the key when it comes', async () => {
    const { id } = await makeAccount();
    const expires_at = now() + 2;
    const key = await api.issue(id, { kind: 'secret', mode: 'live', expires_at });
    const early = await settled(id, key.key);
    // A key that only expires was not rotated: nothing takes its place.
    assert.deepEqual([early.status, early.header('deprecation')], [200, undefined]);
    await sleep(expires_at * 1000 - Date.now() + 50);
    assertRefused(await use(key.key), 'key-expired');
    assert.equal((await api.show(key)).status, 'expired');
  });

  test('can be set, moved and lifted, also after it has come', async () => {
    const { id, keys: { secret_test: key } } = await makeAccount();
    const expires_at = now() + 1;
    assert.equal((await api.update(key, { expires_at })).expires_at, expires_at);
    await api.written(id);
    await sleep(expires_at * 1000 - Date.now() + 50);
    assertRefused(await use(key.key), 'key-expired');
    await api.update(key, { expires_at: null });
    assert.equal((await settled(id, key.key)).status, 200);
  });

  test('is to come, in seconds', async () => {
    const { keys: { secret_test: { id, account } } } = await makeAccount();
    for (const expires_at of [0, now() - 1, now(), 253_402_300_800, Date.now() * 1000, -1, 1.5, '2030-01-01', true]) {
      (await api.patch(`/accounts/${account}/keys/${id}`, { expires_at })).refused(400, 'invalid-body');
    }
  });
});

describe('a change of settings takes effect at the edge', () => {
  test('origins', async () => {
    const { id, keys: { publishable_live: key } } = await makeAccount();
    const from = (origin) => ({ ...SESSION, headers: [...SESSION.headers, ['Origin', origin]] });
    await api.update(key, { origins: ['https://shop.example'] });
    assert.equal((await settled(id, key.key, from('https://shop.example'))).status, 201);
    assertRefused(await use(key.key, from('https://other.example')), 'origin-not-allowed');
    await api.update(key, { origins: null });
    assert.equal((await settled(id, key.key, from('https://other.example'))).status, 201);
  });

  test('scopes', async () => {
    const { id, keys: { secret_live: key } } = await makeAccount();
    await api.update(key, { scopes: ['other'] });
    assertRefused(await settled(id, key.key), 'insufficient-scope');
    await api.update(key, { scopes: ['other', 'echo'] });
    assert.equal((await settled(id, key.key)).status, 200);
  });

  test('browser_headers', async () => {
    const { id, keys: { secret_live: key } } = await makeAccount();
    const page = { ...ECHO, headers: [['Sec-Fetch-Site', 'cross-site']] };
    assertRefused(await use(key.key, page), 'secret-key-in-browser');
    assert.equal((await api.update(key, { browser_headers: true })).browser_headers, true);
    assert.equal((await settled(id, key.key, page)).status, 200);
    assert.equal((await api.update(key, { browser_headers: null })).browser_headers, false);
    assertRefused(await settled(id, key.key, page), 'secret-key-in-browser');
  });

  test('RFC 7396: what is absent stays, null clears', async () => {
    const { keys: { secret_live: key } } = await makeAccount();
    await api.update(key, { label: 'server', rate: 'gold', scopes: ['echo'] });
    const { label, rate, scopes } = await api.update(key, { label: null });
    assert.deepEqual([label, rate, scopes], [null, 'gold', ['echo']]);
    const merge = await api.patch(`/accounts/${key.account}/keys/${key.id}`, { rate: null }, {
      'Content-Type': 'application/merge-patch+json',
    });
    assert.deepEqual([merge.ok(200).rate, merge.json.scopes], [null, ['echo']]);
  });

  test('settings that a kind cannot have are refused', async () => {
    const { id, keys } = await makeAccount();
    for (const [{ id: key }, change] of [
      [keys.secret_live, { origins: ['https://shop.example'] }], [keys.publishable_live, { browser_headers: true }],
      [keys.publishable_live, { origins: [] }], [keys.publishable_live, { origins: ['shop.example'] }],
      [keys.secret_live, { scopes: [] }], [keys.secret_live, { scopes: ['a b'] }], [keys.secret_live, { rate: '' }],
      [keys.secret_live, { kind: 'publishable' }], [keys.secret_live, { status: 'active' }],
    ]) {
      (await api.patch(`/accounts/${id}/keys/${key}`, change)).refused(400, 'invalid-body');
    }
  });
});

describe('an import', () => {
  test('lets the published examples work', async () => {
    for (const key of [PUBLISHED_SECRET, PUBLISHED_PUBLISHABLE]) assertRefused(await use(key, SESSION), 'invalid-key');
    const account = 'acct_moved';
    const old = { id: 'old-secret', created_at: 1_600_000_000, last_four: 'Kh2U' };
    const keys = [
      { digest: digest(PUBLISHED_SECRET), kind: 'secret', mode: 'live', ...old },
      { digest: digest(PUBLISHED_PUBLISHABLE), kind: 'publishable', mode: 'live', label: 'shop' },
    ];
    (await api.post(`/accounts/${account}/import`, { keys })).refused(404, 'account-not-found');
    const imported = await api.post(`/accounts/${account}/import`, { create_account: true, keys });
    assert.deepEqual(imported.ok(200), { imported: 2, unchanged: 0, refused: [] });
    for (const key of [PUBLISHED_SECRET, PUBLISHED_PUBLISHABLE]) {
      const response = await settled(account, key, SESSION);
      assert.equal(response.status, 201, response.text);
      assert.deepEqual([response.json.account, response.json.mode], [account, 'live']);
    }
    const shown = await api.show({ account, id: 'old-secret' });
    assert.deepEqual([shown.created_at, shown.version, shown.versions[0].last_four], [1_600_000_000, 1, 'Kh2U']);
    const again = await api.post(`/accounts/${account}/import`, { keys });
    assert.deepEqual(again.ok(200), { imported: 0, unchanged: 2, refused: [] });
    // An imported key has the same life as any other.
    const rotated = await api.rotate(shown, { grace_seconds: 3600 });
    assert.equal((await settled(account, rotated.key)).status, 200);
    assert.match((await use(PUBLISHED_SECRET)).header('deprecation'), /^@\d+$/);
    await api.revoke(shown);
    assertRefused(await settled(account, PUBLISHED_SECRET), 'key-revoked');
  });

  test('keeps what a key was: revoked, expired, confined', async () => {
    const account = 'acct_kept';
    const names = ['revoked', 'expired', 'confined'];
    const texts = Object.fromEntries(names.map((name) => [name, issueKey('secret', 'live')]));
    const row = (key, fields) => ({ digest: digest(key), kind: 'secret', mode: 'live', ...fields });
    const keys = [
      row(texts.revoked, { revoked: { at: 1_600_000_000, reason: 'old' } }),
      row(texts.expired, { expires_at: 1_600_000_000 }),
      row(texts.confined, { scopes: ['other'] }),
    ];
    (await api.post(`/accounts/${account}/import`, { create_account: true, keys })).ok(200);
    assertRefused(await settled(account, texts.revoked), 'key-revoked');
    assertRefused(await use(texts.expired), 'key-expired');
    assertRefused(await use(texts.confined), 'insufficient-scope');
    const statuses = (await api.all(`/accounts/${account}/keys`, 'keys')).map(({ status }) => status);
    assert.deepEqual(statuses, ['revoked', 'expired', 'active']);
  });

  test('revokes what is there by a row that says so, and brings nothing back', async () => {
    const account = 'acct_later';
    const [moved, rotated] = [issueKey('secret', 'live'), issueKey('secret', 'live')];
    const row = (key, fields) => ({ digest: digest(key), kind: 'secret', mode: 'live', ...fields });
    const revoked = { revoked: { at: 1_600_000_000, reason: 'stolen' } };
    const bring = async (keys, query = '') => (await api.post(`/accounts/${account}/import${query}`, { create_account: true, keys })).ok(200);
    await bring([row(moved, { id: 'moved' }), row(rotated, { id: 'rotated' })]);
    const { key: current } = await api.rotate({ account, id: 'rotated' }, { grace_seconds: 3600 });
    for (const key of [moved, rotated, current]) assert.equal((await settled(account, key)).status, 200);

    const list = [row(moved, revoked), row(rotated, revoked)];
    assert.deepEqual(await bring(list, '?dry_run=true'), { imported: 0, revoked: 2, unchanged: 0, refused: [], dry_run: true });
    assert.equal((await settled(account, moved)).status, 200);
    assert.deepEqual(await bring(list), { imported: 0, revoked: 2, unchanged: 0, refused: [] });
    for (const key of [moved, rotated]) assertRefused(await settled(account, key), 'key-revoked');
    assert.equal((await use(current)).status, 200, 'the list says nothing of the newer text');
    assert.deepEqual((await api.show({ account, id: 'moved' })).revoked, revoked.revoked);

    assert.deepEqual(await bring([...list, row(moved)]), { imported: 0, unchanged: 3, refused: [] });
    assertRefused(await settled(account, moved), 'key-revoked');
    const entries = await api.all(`/accounts/${account}/audit`, 'entries');
    const told = entries.filter(({ action }) => action.endsWith('.revoked')).map(({ action, key, version }) => [action, key, version]);
    assert.deepEqual(told, [['key.revoked', 'moved', 1], ['version.revoked', 'rotated', 1]]);

    const twice = issueKey('secret', 'live');
    const both = [row(twice), row(twice, revoked), row(twice)];
    assert.deepEqual(await bring(both), { imported: 1, revoked: 1, unchanged: 1, refused: [] });
    assertRefused(await settled(account, twice), 'key-revoked');
  });

  test("refuses a digest that is another account's, and nobody's key changes", async () => {
    const { id, keys: { secret_live: key } } = await makeAccount();
    const row = { digest: digest(key.key), kind: 'secret', mode: 'live', revoked: { at: 1, reason: 'mine' } };
    const fresh = { digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live' };
    const answer = await api.post('/accounts/acct_thief/import', { create_account: true, keys: [row, fresh] });
    const { imported, refused } = answer.ok(200);
    assert.deepEqual([imported, refused.map(({ index, code }) => [index, code])], [1, [[0, 'digest-taken']]]);
    await api.written('acct_thief');
    assert.equal((await settled(id, key.key)).status, 200);
    const owner = (await api.get(`/digests/${row.digest}`)).ok(200);
    assert.deepEqual(owner, { digest: row.digest, account: id, key: key.id, version: 1 });
  });

  test('takes one of two rows with the same digest or id', async () => {
    const row = { digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live', id: 'one' };
    const other = { ...row, digest: digest(issueKey('secret', 'live')) };
    const answer = await api.post('/accounts/acct_twice/import', { create_account: true, keys: [row, row, other] });
    const { imported, unchanged, refused } = answer.ok(200);
    assert.deepEqual([imported, unchanged, refused.map(({ index, code }) => [index, code])], [1, 1, [[2, 'key-exists']]]);
  });

  test('with one malformed row takes none', async () => {
    const { id } = await makeAccount();
    const row = () => ({ digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live' });
    for (const bad of [
      { digest: 'abc' }, { digest: digest('x').toUpperCase() }, { kind: 'Secret' }, { mode: 'prod' }, { id: 'a/b' },
      { id: '..' }, { created_at: -1 }, { created_at: Date.now() * 1000 }, { last_four: 'abcde' },
      { origins: ['https://a.example'] },
      { revoked: { at: 1 } }, { revoked: { at: 1, reason: '' } }, { colour: 'red' }, { scopes: 'all' },
    ]) {
      const answer = await api.post(`/accounts/${id}/import`, { keys: [row(), { ...row(), ...bad }] });
      assert.match(answer.refused(400, 'invalid-body').detail, /^keys\[1\]/, answer.text);
    }
    for (const keys of [[], Array.from({ length: 1001 }, row), {}, null]) {
      (await api.post(`/accounts/${id}/import`, { keys })).refused(400, 'invalid-body');
    }
    assert.equal((await api.all(`/accounts/${id}/keys`, 'keys')).length, 4);
  });
});

test('the audit tells every change: who, when, what, before and after', async () => {
  const alice = api.with({ 'Keyguard-Actor': 'alice@example.com' });
  const started = now();
  const { id, keys: { secret_live: key } } = await alice.createAccount({ label: 'Shop' });
  await alice.update(key, { label: 'server', scopes: ['echo'] });
  await alice.update(key, { label: 'server' });
  await alice.rotate(key, { grace_seconds: 60 });
  await alice.rotate(key, { grace_seconds: 60, end_grace: true });
  await alice.revoke(key, 'careful', { version: 2 });
  await api.revoke(key, 'leaked');
  await api.revoke(key, 'again');
  const row = { digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live', id: 'moved' };
  (await api.post(`/accounts/${id}/import`, { keys: [row] })).ok(200);
  (await api.post(`/accounts/${id}/project`)).ok(202);
  (await api.post(`/accounts/${id}/keys/${key.id}/rotate`)).refused(409, 'key-is-revoked');

  const entries = await api.audit(id);
  assert.deepEqual(entries.map(({ seq }) => seq), entries.map((_, index) => index + 1));
  assert.deepEqual(
    entries.map(({ action, version }) => `${action} ${version ?? '-'}`),
    [
      'account.created -', 'key.issued 1', 'key.issued 1', 'key.issued 1', 'key.issued 1', 'key.updated 1',
      'key.rotated 2',
      'key.rotated 3', 'version.revoked 1', 'version.revoked 2', 'key.revoked 3', 'key.imported 1',
      'account.projected -',
    ],
  );
  for (const entry of entries) {
    assert.equal(entry.credential, 'ops');
    assert.equal(entry.actor, entry.seq <= 10 ? 'alice@example.com' : null);
    assert.ok(entry.at >= started && entry.at <= now() && entry.request_id.length > 0);
  }
  const of = (action) => entries.filter((entry) => entry.action === action);
  const [updated] = of('key.updated');
  assert.deepEqual([updated.before.label, updated.after.label, updated.after.scopes], [null, 'server', ['echo']]);
  const [rotated, ended] = of('key.rotated');
  assert.deepEqual([rotated.before.version, rotated.after.version], [1, 2]);
  assert.deepEqual(rotated.after.retiring.map(({ version }) => version), [1]);
  assert.deepEqual(ended.after.retiring.map(({ version }) => version), [2]);
  const [over] = of('version.revoked');
  assert.deepEqual([over.before.revoked, over.after.revoked.reason], [null, 'rotated']);
  const [revoked] = of('key.revoked');
  assert.deepEqual([revoked.before.revoked, revoked.after.revoked.reason], [null, 'leaked']);
});
