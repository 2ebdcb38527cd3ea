// The admin API's door and manners: who gets in, what is understood, and what is never said, done or kept.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, describe, test } from 'node:test';

import {
  Api, BASE, PUBLISHED_SECRET, assertProblem, assertRefused, digest, entryOf, issueCredential, issueKey, policyFor,
  startApi, startEdge, startEdges, startUpstream, stopAll, within,
} from './harness.mjs';

const bearer = (credential) => ['Authorization', `Bearer ${credential}`];
const RESERVED = ['', '/', '/v1', '/v1/accounts', '/v2/x', '?a=b'].map((rest) => `/_keyguard${rest}`);

let upstream, edge, api;
before(async () => {
  upstream = await startUpstream();
  const policy = policyFor(upstream.origin, { accept_foreign_keys: true, forward_authorization: true });
  ({ edge, api } = await startApi({ policy }));
});
afterEach(() => upstream.clear());
after(() => stopAll(edge, upstream));

const makeAccount = async () => {
  const account = await api.createAccount();
  await api.written(account.id);
  return account;
};

describe('the door', () => {
  const [ops, ci, stranger] = [issueCredential(), issueCredential(), issueCredential()];
  const broken = [
    '', ' , ', 'ops', `ops:${digest(ops).toUpperCase()}`, `ops:${digest(ops)},ci`, `a b:${digest(ops)}`, ops,
  ];
  let off, on, strict, policyless, misconfigured;
  before(async () => {
    const policy = policyFor(upstream.origin, { forward_authorization: true });
    const admin = `${entryOf('ops', ops)}, ${entryOf('ci', ci)}`;
    [off, on, strict, policyless, ...misconfigured] = await startEdges([
      { policy },
      { policy, admin },
      { policy: { ...policy, allow_http_on_loopback: false }, admin },
      { policy: { ...policy, upstream: 'x' }, admin },
      ...broken.map((one) => ({ policy, admin: one })),
    ]);
  });
  after(() => off?.stop());

  test('without the secret nothing is there, with or without a credential', async () => {
    for (const target of RESERVED) {
      for (const headers of [[], [bearer(ops)], [bearer(PUBLISHED_SECRET)], [bearer(issueKey('secret', 'live'))]]) {
        for (const method of ['GET', 'POST', 'DELETE']) {
          assertProblem(await off.send({ method, target, headers }), 404, 'not-found');
        }
      }
    }
    assert.deepEqual(await upstream.received(), []);
  });

  test('with it everyone but its holders is unauthorized, whatever is asked', async () => {
    const { keys } = await makeAccount();
    const mistyped = ops.slice(0, -1) + (ops.endsWith('0') ? '1' : '0');
    const credentials = [
      [], [bearer('')], [bearer(stranger)], [bearer(mistyped)], [bearer(ops.toUpperCase())], [bearer(ops.slice(8))],
      [bearer(digest(ops))], [['Authorization', `Basic ${btoa(`ops:${ops}`)}`]], [['Authorization', ops]],
      [bearer(keys.secret_live.key)], [bearer(keys.publishable_live.key)], [bearer(PUBLISHED_SECRET)],
      [bearer(ops), bearer(ops)], [['X-Api-Key', ops]], [['Cookie', `token=${ops}`]],
    ];
    for (const headers of credentials) {
      for (const method of ['GET', 'POST', 'PUT']) {
        for (const target of [`${BASE}/accounts`, '/_keyguard/x'])
          assertProblem(await on.send({ method, target, headers }), 401, 'unauthorized');
      }
    }
    assertProblem(await on.send({ target: `${BASE}/accounts?access_token=${ops}` }), 401, 'unauthorized');
    assert.deepEqual(await upstream.received(), []);
  });

  test('each credential opens it under its own name', async () => {
    for (const [name, credential] of [['ops', ops], ['ci', ci]]) {
      const client = new Api(on, credential);
      const { id } = await client.createAccount({ issue: false });
      assert.deepEqual((await client.audit(id)).map((entry) => entry.credential), [name]);
    }
  });

  test('the credential opens nothing else and is never forwarded', async () => {
    for (const method of ['GET', 'POST']) {
      for (const target of ['/', '/echo', '/collect/payment_sessions', '/_keyguards'])
        assertRefused(await on.send({ method, target, headers: [bearer(ops)] }), 'invalid-key');
    }
    assert.deepEqual(await upstream.received(), []);
  });

  test('opens over https alone', async () => {
    const request = { target: `${BASE}/accounts`, headers: [bearer(ops)] };
    assertRefused(await on.send({ ...request, host: 'api.example.com' }), 'https-required');
    assertRefused(await off.send({ ...request, host: 'api.example.com' }), 'https-required');
    assertRefused(await strict.send(request), 'https-required');
  });

  test('stays shut under a policy that makes no sense', async () => {
    assertRefused(await policyless.send({ target: `${BASE}/accounts`, headers: [bearer(ops)] }), 'misconfigured');
  });

  test('a secret that makes no sense shuts the admin API alone, and the log says which', async () => {
    for (const [index, one] of misconfigured.entries()) {
      for (const headers of [[], [bearer(ops)]]) {
        const response = await one.send({ target: `${BASE}/accounts`, headers });
        assertProblem(response, 500, 'misconfigured');
        assert.ok(!broken[index] || !response.text.includes(digest(ops)));
      }
      assertRefused(await one.sendAs({ key: issueKey('secret', 'live') }, { target: '/echo' }), 'invalid-key');
    }
    const { lines } = off;
    await lines.find(({ event, field }) => event === 'misconfigured' && field === 'ADMIN_CREDENTIALS');
    const told = lines.all.filter((line) => line.includes('"misconfigured"') && line.includes('ADMIN_CREDENTIALS'));
    assert.equal(told.length, broken.length);
    assert.ok(!told.some((line) => line.toLowerCase().includes(digest(ops))));
  });
});

describe('the reserved prefix', () => {
  test('is never forwarded, however it is written', async () => {
    const { keys: { secret_live: { key } } } = await makeAccount();
    const targets = [
      ...RESERVED, '/x/../_keyguard/v1/accounts', '/x/%2e%2e/_keyguard', '/x/.%2E/_keyguard/v1', '/./_keyguard',
      '/%2e/_keyguard/v1',
      '/%5fkeyguard/v1', '/a/../%5F%6beyguard',
      '/_keyguard\\v1/accounts', '/x\\..\\_keyguard/v1', '/_keyguard/../_keyguard', '/_keyguard/../x', '/_keyguard#x',
      `http://${edge.origin.slice(7)}/_keyguard`,
    ];
    for (const target of targets) {
      for (const credential of [key, api.credential]) {
        await edge.send({ target, headers: [bearer(credential)] });
        const urls = (await upstream.received()).map(({ url }) => url);
        assert.deepEqual(urls.filter((url) => decodeURIComponent(url).startsWith('/_keyguard')), [], target);
        if (credential === api.credential) assert.deepEqual(urls, [], target);
        await upstream.clear();
      }
    }
  });

  test('is just that: other spellings are other paths, where the credential is no key', async () => {
    for (const target of [
      '/_KEYGUARD/v1/accounts', '//_keyguard/v1/accounts', '/%255fkeyguard/v1', '/_keyguard%2fv1', '/_keyguardx',
      '/a/_keyguard',
    ]) {
      assertRefused(await edge.send({ target, headers: [bearer(api.credential)] }), 'invalid-key');
    }
    assert.deepEqual(await upstream.received(), []);
  });
});

test("a field's name with a key in it is not shown, wherever the key stands", async () => {
  const key = issueKey('secret', 'live');
  for (let before = 0; before <= 130; before += 1) {
    const { text } = (await api.post('/accounts', { [`${'x'.repeat(before)} ${key}`]: 1 }));
    assert.ok(text.includes('invalid-body') && !text.includes(key.slice(3, 8)), `${before}: ${text}`);
  }
});

describe('paths and methods', () => {
  const at = (target, method = 'GET') => edge.send({ method, target, headers: [bearer(api.credential)] });

  test('what is not there is not found', async () => {
    for (const rest of [
      '', '/', '/v1', '/v1/', '/V1/accounts', '/v1/Accounts', '/v2/accounts', '//v1/accounts', '/v1//accounts',
      '/v1/accounts;x',
      '/v1/accounts%2f', '/v1/accounts/a/keys/b/rotate/', '/v1/accounts/a/keys/b/c', '/v1/accounts/a/keys/b/rotate/c',
      '/v1/accounts/a/b', '/v1/digests', '/v1/openapi', '/v1/accounts/%ff',
    ]) {
      assertProblem(await at(`/_keyguard${rest}`), 404, 'not-found');
    }
  });

  test('ids that can be none are not found', async () => {
    const { id } = await api.createAccount({ issue: false });
    for (const bad of [
      '..%2f', '%2e%2e', '%2e', 'a%2fb', 'a%5cb', '%00', '%0a', 'a%20b', '%zz', '%C3%A4', 'a'.repeat(129), 'a%3fb',
      'a%25b',
    ]) {
      assertProblem(await at(`${BASE}/accounts/${bad}`), 404, 'account-not-found');
      assertProblem(await at(`${BASE}/accounts/${id}/keys/${bad}`), 404, 'key-not-found');
    }
    for (const bad of ['nope', id.toUpperCase(), 'acct_'])
      assertProblem(await at(`${BASE}/accounts/${bad}`), 404, 'account-not-found');
    assertProblem(await at(`${BASE}/digests/${digest('nobody')}`), 404, 'key-not-found');
    for (const bad of ['abc', digest('x').toUpperCase(), `${digest('x')}0`, 'a'.repeat(63), '%00']) {
      assertProblem(await at(`${BASE}/digests/${bad}`), 400, 'invalid-parameter');
    }
  });

  test('an id may be written with escapes', async () => {
    const { id } = await api.createAccount({ id: 'shop@example.com', issue: false });
    assert.equal((await at(`${BASE}/accounts/shop%40example.com`)).json.id, id);
  });

  test('another method is told which ones there are', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    const account = `${BASE}/accounts/${id}`;
    for (const [target, allow] of [
      [`${BASE}/accounts`, 'GET, POST'], [account, 'GET'], [`${account}/keys`, 'GET, POST'],
      [`${account}/keys/${key}`, 'GET, PATCH'],
      [`${account}/keys/${key}/rotate`, 'POST'], [`${account}/keys/${key}/revoke`, 'POST'], [`${account}/import`,
      'POST'],
      [`${account}/project`, 'POST'], [`${account}/audit`, 'GET'], [`${BASE}/digests/${digest('x')}`, 'GET'],
    ]) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (allow.split(', ').includes(method)) continue;
        const response = await at(target, method);
        assert.deepEqual([response.status, response.header('allow')], [405, allow], `${method} ${target}`);
        if (method !== 'HEAD') assertProblem(response, 405, 'method-not-allowed');
      }
    }
    assert.equal((await api.get(`/accounts/${id}/keys/${key}`)).ok(200).status, 'active');
  });
});

describe('an Idempotency-Key', () => {
  test('is required for every change', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    for (const [method, path] of [
      ['POST', '/accounts'], ['POST', `/accounts/${id}/keys`], ['PATCH', `/accounts/${id}/keys/${key}`],
      ['POST', `/accounts/${id}/keys/${key}/rotate`], ['POST', `/accounts/${id}/keys/${key}/revoke`],
      ['POST', `/accounts/${id}/import`], ['POST', `/accounts/${id}/project`],
    ]) {
      for (const name of [undefined, '', 'a b', 'a'.repeat(256), 'Schl\xfcssel', 'a\tb']) {
        const answer = await api.ask(method, path, {}, { 'Idempotency-Key': name });
        answer.refused(400, 'idempotency-key-required');
      }
    }
    assert.equal((await api.audit(id)).length, 5);
    (await api.post('/accounts', {}, { 'Idempotency-Key': 'a'.repeat(255) })).ok(201);
  });

  test('makes a repeated change once: the same answer, but for the texts of keys', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    const row = { digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live' };
    const changes = [
      ['POST', `/accounts/${id}/keys`, { kind: 'secret', mode: 'test' }],
      ['PATCH', `/accounts/${id}/keys/${key}`, { label: 'a' }],
      ['POST', `/accounts/${id}/keys/${key}/rotate`, {}],
      ['POST', `/accounts/${id}/import`, { keys: [row] }],
      ['POST', `/accounts/${id}/project`, {}],
      ['POST', `/accounts/${id}/keys/${key}/revoke`, { reason: 'x' }],
    ];
    for (const [method, path, body] of changes) {
      const headers = { 'Idempotency-Key': randomUUID() };
      const first = await api.ask(method, path, body, headers);
      assert.equal(first.header('idempotent-replayed'), undefined, first.text);
      for (let round = 0; round < 2; round += 1) {
        const again = await api.ask(method, path, body, headers);
        assert.equal(again.header('idempotent-replayed'), 'true');
        const { key: text, ...rest } = first.json;
        assert.deepEqual([again.status, again.json], [first.status, rest], `${text?.slice(0, 3)}`);
      }
    }
    assert.deepEqual(
      (await api.audit(id)).slice(5).map(({ action }) => action),
      ['key.issued', 'key.updated', 'key.rotated', 'key.imported', 'account.projected', 'key.revoked'],
    );
  });

  test('finds the account again that it made', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = (await api.post('/accounts', { label: 'a' }, headers)).ok(201);
    const again = await api.post('/accounts', { label: 'a' }, headers);
    assert.equal(again.header('idempotent-replayed'), 'true');
    assert.deepEqual(again.json, { ...first, keys: first.keys.map(({ key: _, ...rest }) => rest) });
    (await api.post('/accounts', { label: 'b' }, headers)).refused(422, 'idempotency-key-reused');
  });

  test('of another change is refused', async () => {
    const { id, keys } = await makeAccount();
    const headers = { 'Idempotency-Key': randomUUID() };
    const path = `/accounts/${id}/keys/${keys.secret_live.id}`;
    (await api.patch(path, { label: 'a' }, headers)).ok(200);
    for (const [method, other, body] of [
      ['PATCH', path, { label: 'b' }], ['PATCH', `/accounts/${id}/keys/${keys.secret_test.id}`, { label: 'a' }],
      ['POST', `${path}/rotate`, {}], ['POST', `${path}/revoke`, { reason: 'x' }], ['POST', `/accounts/${id}/project`,
      {}],
    ]) {
      (await api.ask(method, other, body, headers)).refused(422, 'idempotency-key-reused');
    }
    assert.equal((await api.audit(id)).length, 6);
  });

  test("is its credential's own: two that count alike share nothing, not even where both make an account", async (t) => {
    const [ops, ci] = [issueCredential(), issueCredential()];
    const admin = `${entryOf('ops', ops)}, ${entryOf('ci', ci)}`;
    const shared = await startEdge({ policy: policyFor(upstream.origin), admin });
    t.after(() => shared.stop());
    const [first, second] = [ops, ci].map((credential) => new Api(shared, credential).with({ 'Idempotency-Key': '1' }));
    const mine = (await first.post('/accounts', { label: 'a' })).ok(201).account.id;
    const theirs = await second.post('/accounts', { label: 'a' });
    assert.equal(theirs.header('idempotent-replayed'), undefined);
    assert.notEqual(theirs.ok(201).account.id, mine);
    assert.equal((await first.post('/accounts', { label: 'a' })).ok(201).account.id, mine);
    // Nor in one account.
    const path = `/accounts/${mine}/keys`;
    const body = { kind: 'secret', mode: 'live' };
    const issued = new Set();
    for (const api of [first, second].map((one) => one.with({ 'Idempotency-Key': '2' }))) {
      const made = await api.post(path, body);
      issued.add(made.ok(201).id);
      const again = await api.post(path, body);
      assert.deepEqual([made.header('idempotent-replayed'), again.header('idempotent-replayed')], [undefined, 'true']);
      assert.equal(again.ok(201).id, made.json.id);
      (await api.post(path, { ...body, label: 'b' })).refused(422, 'idempotency-key-reused');
    }
    assert.equal(issued.size, 2);
  });

  test('that an older build kept, by which no credential stands, is still known', async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-older-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const options = { policy: policyFor(upstream.origin), folder };
    const before = await startApi(options);
    const { id } = await before.api.createAccount();
    const change = [`/accounts/${id}/keys`, { kind: 'secret', mode: 'live' }, { 'Idempotency-Key': 'older' }];
    const made = (await before.api.post(...change)).ok(201);
    await before.api.written(id);
    await before.edge.stop();
    for (const name of readdirSync(folder, { recursive: true }).filter((one) => one.endsWith('.sqlite'))) {
      const database = new DatabaseSync(path.join(folder, name));
      const has = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'changes'").get();
      if (has) database.exec("UPDATE changes SET idempotency_key = replace(idempotency_key, 'ops ', '')");
      database.close();
    }
    const now = await startEdge({ ...options, admin: entryOf('ops', before.api.credential) });
    t.after(() => now.stop());
    const again = await new Api(now, before.api.credential).post(...change);
    assert.deepEqual([again.ok(201).id, again.header('idempotent-replayed')], [made.id, 'true']);
  });

  test('of a refused change is free', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    const headers = { 'Idempotency-Key': randomUUID() };
    (await api.post(`/accounts/${id}/keys/${key}/revoke`, {}, headers)).refused(400, 'invalid-body');
    (await api.post(`/accounts/${id}/keys/nope/revoke`, { reason: 'x' }, headers)).refused(404, 'key-not-found');
    const revoked = await api.post(`/accounts/${id}/keys/${key}/revoke`, { reason: 'x' }, headers);
    assert.deepEqual([revoked.ok(200).status, revoked.header('idempotent-replayed')], ['revoked', undefined]);
  });

  test('makes one change of twins that come at once', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    const twins = async (path, body, status) => {
      const headers = { 'Idempotency-Key': randomUUID() };
      const answers = await Promise.all(Array.from({ length: 12 }, () => api.post(path, body, headers)));
      const made = answers.filter((answer) => answer.header('idempotent-replayed') === undefined);
      assert.equal(made.length, 1);
      for (const answer of answers) assert.equal(answer.status, status, answer.text);
      return answers.map(({ json }) => json);
    };
    const issued = await twins(`/accounts/${id}/keys`, { kind: 'secret', mode: 'live' }, 201);
    assert.equal(new Set(issued.map((one) => one.id)).size, 1);
    assert.equal(issued.filter((one) => one.key !== undefined).length, 1);
    const rotated = await twins(`/accounts/${id}/keys/${key}/rotate`, { grace_seconds: 0 }, 200);
    assert.deepEqual([...new Set(rotated.map(({ version }) => version))], [2]);
    const created = await twins('/accounts', { label: 'twins' }, 201);
    assert.equal(new Set(created.map(({ account }) => account.id)).size, 1);
    assert.equal(created.flatMap(({ keys }) => keys).filter((one) => one.key !== undefined).length, 4);
    assert.equal((await api.all(`/accounts/${id}/keys`, 'keys')).length, 5);
    assert.equal((await api.audit(id)).filter(({ action }) => action === 'key.rotated').length, 1);
  });
});

describe('a dry run', () => {
  test('answers as the change would, and stores nothing', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    const everything = async () => [
      (await api.get(`/accounts/${id}`)).json, await api.all(`/accounts/${id}/keys`, 'keys'), await api.audit(id),
    ];
    const before = await everything();
    const text = issueKey('secret', 'live');
    const row = { digest: digest(text), kind: 'secret', mode: 'live', id: 'dry' };
    for (const [method, path, body, status] of [
      ['POST', '/accounts', { id: 'acct_dry' }, 201],
      ['POST', `/accounts/${id}/keys`, { kind: 'secret', mode: 'test' }, 201],
      ['PATCH', `/accounts/${id}/keys/${key}`, { label: 'a' }, 200],
      ['POST', `/accounts/${id}/keys/${key}/rotate`, { grace_seconds: 0 }, 200],
      ['POST', `/accounts/${id}/import`, { keys: [row] }, 200],
      ['POST', '/accounts/acct_dry/import', { create_account: true, keys: [row] }, 200],
      ['POST', `/accounts/${id}/project`, {}, 202],
      ['POST', `/accounts/${id}/keys/${key}/revoke`, { reason: 'x' }, 200],
    ]) {
      const headers = { 'Idempotency-Key': `dry-${path}` };
      const answer = (await api.ask(method, `${path}?dry_run=true`, body, headers)).ok(status);
      assert.equal(answer.dry_run, true);
      assert.ok(!/[sp]k_(test_)?[A-Za-z0-9]{16}/.test(JSON.stringify(answer)), 'a text of a key');
    }
    assert.deepEqual(await everything(), before);
    (await api.get('/accounts/acct_dry')).refused(404, 'account-not-found');
    (await api.get(`/digests/${row.digest}`)).refused(404, 'key-not-found');
    assert.ok(!(await api.all('/accounts', 'accounts')).some(({ id: one }) => one === 'acct_dry'));
    assertRefused(await edge.sendAs({ key: text }, { target: '/echo' }), 'invalid-key');

    // Its digest and its Idempotency-Key are free for the change itself.
    const headers = { 'Idempotency-Key': `dry-/accounts/${id}/import` };
    const other = await api.post('/accounts/acct_wet/import', { create_account: true, keys: [row] });
    assert.equal(other.ok(200).imported, 1);
    const real = await api.post(`/accounts/${id}/import`, { keys: [row] }, headers);
    assert.deepEqual([real.ok(200).refused[0].code, real.header('idempotent-replayed')], ['digest-taken', undefined]);
  });

  test('is refused as the change would be', async () => {
    const { id, keys: { secret_live: key, secret_test: other } } = await makeAccount();
    await api.rotate(key, { grace_seconds: 60 });
    const path = `/accounts/${id}/keys/${key.id}`;
    (await api.post(`${path}/rotate?dry_run=true`, {})).refused(409, 'rotation-in-progress');
    (await api.post(`/accounts?dry_run=true`, { id })).refused(409, 'account-exists');
    await api.revoke(key);
    (await api.patch(`${path}?dry_run=true`, { label: 'a' })).refused(409, 'key-is-revoked');
    (await api.patch(`/accounts/${id}/keys/${other.id}?dry_run=true`, { label: '' })).refused(400, 'invalid-body');
  });

  test('is asked for in one way', async () => {
    for (const query of [
      'dry_run=1', 'dry_run=', 'dry_run', 'dry_run=TRUE', 'dry_run=true&dry_run=false', 'dryrun=true', 'dry-run=true',
    ]) {
      (await api.post(`/accounts?${query}`, { id: 'acct_query' })).refused(400, 'invalid-parameter');
    }
    (await api.get('/accounts?dry_run=true')).refused(400, 'invalid-parameter');
    (await api.get('/accounts/acct_query')).refused(404, 'account-not-found');
    (await api.post('/accounts?dry_run=false', { id: 'acct_query' })).ok(201);
  });
});

describe('a list', () => {
  let id, rows;
  before(async () => {
    ({ id } = await makeAccount());
    rows = Array.from({ length: 25 }, (_, index) => ({
      digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: index % 2 ? 'test' : 'live', id: `row-${index}`,
      ...(index % 5 === 0 ? { revoked: { at: 1, reason: 'old' } } : {}), ...(index % 5 === 1 ? { expires_at: 1 } : {}),
    }));
    (await api.post(`/accounts/${id}/import`, { keys: rows })).ok(200);
    await api.written(id);
  });

  test('of keys, of the audit and of accounts has every item once, whatever the limit', async () => {
    for (let count = 0; count < 7; count += 1) await api.written((await api.createAccount({ issue: false })).id);
    for (const [path, field, name] of [
      [`/accounts/${id}/keys`, 'keys', 'id'], [`/accounts/${id}/audit`, 'entries', 'seq'], ['/accounts', 'accounts',
      'id'],
    ]) {
      const whole = (await api.all(path, field)).map((item) => item[name]);
      assert.equal(new Set(whole).size, whole.length);
      assert.ok(whole.length >= 8, path);
      for (const limit of [1, 2, 7, whole.length - 1, whole.length, whole.length + 1]) {
        const paged = (await api.all(path, field, limit)).map((item) => item[name]);
        assert.deepEqual(paged, whole, `${path} by ${limit}`);
      }
      const last = (await api.get(`${path}?limit=${whole.length}`)).ok(200);
      assert.deepEqual([last[field].length, last.next_cursor], [whole.length, null], path);
    }
  });

  test('of long items ends sooner, and has every item once', async () => {
    const account = (await makeAccount()).id;
    // As long as an item can be: of a thousand, one page is more than an object may answer.
    const letters = (letter, length) => letter.repeat(length);
    const origin = (number) => `https://${String(number).padStart(63, 'a')}.${['b', 'c'].map((one) => letters(one, 63)).join('.')}.${letters('d', 61)}:65535`;
    const longest = {
      origins: Array.from({ length: 100 }, (_, number) => origin(number)),
      scopes: Array.from({ length: 100 }, (_, number) => String(number).padStart(64, 's')),
      label: '😀'.repeat(200),
    };
    const rows = Array.from({ length: 300 }, (_, index) => ({
      digest: digest(issueKey('publishable', 'live')), kind: 'publishable', mode: 'live', id: `long-${index}`, ...longest,
    }));
    for (let at = 0; at < rows.length; at += 25) (await api.post(`/accounts/${account}/import`, { keys: rows.slice(at, at + 25) })).ok(200);
    for (const [path, field, name, least] of [
      [`/accounts/${account}/keys`, 'keys', 'id', 300], [`/accounts/${account}/audit`, 'entries', 'key', 301],
    ]) {
      const items = [];
      let pages = 0;
      for (let cursor = ''; cursor !== null; pages += 1) {
        const page = await api.get(`${path}?limit=1000${cursor && `&cursor=${cursor}`}`);
        assert.ok(page.text.length < 10 * 1024 * 1024, `${path}: ${page.text.length}`);
        const { [field]: some, next_cursor: next } = page.ok(200);
        assert.ok(some.length > 0);
        items.push(...some);
        cursor = next;
      }
      const names = items.map((item) => item[name]).filter((one) => one?.startsWith('long-'));
      assert.deepEqual(names, rows.map((row) => row.id));
      assert.ok(pages > 1 && items.length >= least, `${path}: ${pages} pages of ${items.length}`);
    }
    const [first] = (await api.get(`/accounts/${account}/keys?limit=1&kind=publishable&cursor=4`)).ok(200).keys;
    assert.deepEqual([first.id, first.origins], ['long-0', longest.origins]);
  });

  test('has every old item once while new ones come', async () => {
    const account = (await makeAccount()).id;
    const row = () => ({ digest: digest(issueKey('secret', 'live')), kind: 'secret', mode: 'live' });
    (await api.post(`/accounts/${account}/import`, { keys: Array.from({ length: 20 }, row) })).ok(200);
    const old = (await api.all(`/accounts/${account}/keys`, 'keys')).map((key) => key.id);
    const seen = [];
    for (let cursor = ''; cursor !== null; ) {
      const page = (await api.get(`/accounts/${account}/keys?limit=5${cursor && `&cursor=${cursor}`}`)).ok(200);
      seen.push(...page.keys.map((key) => key.id));
      if (seen.length < 30) await api.issue(account, { kind: 'secret', mode: 'test' });
      cursor = page.next_cursor;
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.deepEqual(seen.slice(0, old.length), old);
  });

  test('of keys can be filtered by kind, mode and status, page by page', async () => {
    const whole = await api.all(`/accounts/${id}/keys`, 'keys');
    for (const kind of [undefined, 'secret', 'publishable']) {
      for (const mode of [undefined, 'test', 'live']) {
        for (const status of [undefined, 'active', 'expired', 'revoked', 'exposed']) {
          const filter = Object.entries({ kind, mode, status }).filter(([, value]) => value !== undefined);
          const expected = whole.filter((key) => filter.every(([name, value]) => key[name] === value));
          const path = `/accounts/${id}/keys?${new URLSearchParams(filter)}`;
          for (const limit of [3, 1000]) {
            const found = await api.all(path, 'keys', limit);
            assert.deepEqual(found.map((key) => key.id), expected.map((key) => key.id), path);
          }
        }
      }
    }
  });

  test('refuses parameters that make no sense', async () => {
    for (const path of ['/accounts', `/accounts/${id}/keys`, `/accounts/${id}/audit`]) {
      for (const query of [
        'limit=0', 'limit=1001', 'limit=-1', 'limit=+1', 'limit=abc', 'limit=1.5', 'limit=', 'limit=1e2',
        'limit=1&limit=1',
        'cursor=', 'cursor=%00', 'cursor=a%20b', `cursor=${'1'.repeat(1025)}`, 'colour=red', 'LIMIT=1', '=1', 'sk',
      ]) {
        (await api.get(`${path}?${query}`)).refused(400, 'invalid-parameter');
      }
    }
    for (const query of [
      'kind=admin', 'mode=prod', 'status=retiring', 'status=', 'kind=Secret', 'cursor=-1', 'cursor=1.5', 'cursor=abc',
    ]) {
      (await api.get(`/accounts/${id}/keys?${query}`)).refused(400, 'invalid-parameter');
    }
    (await api.get(`/accounts/${id}/audit?kind=secret`)).refused(400, 'invalid-parameter');
    (await api.get(`/accounts/${id}?limit=1`)).refused(400, 'invalid-parameter');
    const { keys, next_cursor: next } = (await api.get(`/accounts/${id}/keys?cursor=999999999999999`)).ok(200);
    assert.deepEqual([keys, next], [[], null]);
  });
});

describe('a body', () => {
  const deep = 10_000;

  test('is one JSON object with known fields of the right type, or refused', async () => {
    const bodies = [
      '', ' ', '{', '{}{}', '{} x', '[]', '[{}]', 'null', '"x"', '1', 'true', '{"label":1}', '{"label":["a"]}',
      '{"issue":"true"}',
      '{"issue":null}', '{"label":"a","label":"b"}', '{"id":"a1","id":"b1"}', '{"lable":"a"}', '{"label":"a",}',
      "{'label':'a'}",
      '{"label":"\\ud800"}', '{"label":"a\\u0000b"}', '{"label":"a\nb"}', '{"label":"\\u001b[2J"}', '{"label":""}',
      '{"id":""}',
      `{"label":"${'a'.repeat(201)}"}`, '{"id":"a/b"}', '{"id":".."}', '{"id":"\u00e4"}', '{"id":1e999}',
      '{"__proto__":{}}', 'NaN',
      '['.repeat(deep), '{"label":'.repeat(deep), `{"label":${'['.repeat(deep)}${']'.repeat(deep)}}`,
      `{"colour":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`, Buffer.from([0x7b, 0xff, 0x7d]),
      // An overlong encoding, and no UTF-8 at all.
      Buffer.from('7b226c6162656c223a22c0af227d', 'hex'), Buffer.from('{"label":"a"}', 'utf16le'),
    ];
    for (const body of bodies) {
      const answer = await api.post('/accounts', body);
      assert.equal(answer.status, 400, `${String(body).slice(0, 60)}: ${answer.text.slice(0, 300)}`);
      answer.refused(400, 'invalid-body');
    }
  });

  test('names the field that is wrong', async () => {
    const { id } = await api.createAccount({ issue: false });
    for (const [path, body, detail] of [
      ['/accounts', { lable: 'a' }, /lable/], ['/accounts', { label: 1 }, /^label: /], ['/accounts', { issue: 1 },
      /^issue: /],
      [`/accounts/${id}/keys`, { kind: 'secret' }, /mode/], [`/accounts/${id}/keys`, { kind: 'x', mode: 'live' },
      /^kind: /],
      [`/accounts/${id}/keys`, { kind: 'publishable', mode: 'live', origins: ['x'] }, /origins/],
      [`/accounts/${id}/import`, { keys: [{ digest: 'x', kind: 'secret', mode: 'live' }] }, /^keys\[0\]\.digest: /],
    ]) {
      assert.match((await api.post(path, body)).refused(400, 'invalid-body').detail, detail);
    }
  });

  test('of one byte more than a mebibyte is too large, of a mebibyte is not', async () => {
    const padded = (length) => `{"label":"a"${' '.repeat(length - 13)}}`;
    (await api.post('/accounts', padded(1024 * 1024))).ok(201);
    (await api.post('/accounts', padded(1024 * 1024 + 1))).refused(413, 'body-too-large');
    (await api.post('/accounts', padded(3 * 1024 * 1024))).refused(413, 'body-too-large');
    const chunked = `${(1024 * 1024).toString(16)}\r\n${' '.repeat(1024 * 1024)}\r\n`;
    const response = await edge.send({
      method: 'POST',
      target: `${BASE}/accounts`,
      headers: [
        bearer(api.credential), ['Content-Type', 'application/json'], ['Idempotency-Key', 'chunked'],
        ['Transfer-Encoding', 'chunked'],
      ],
      body: `${chunked}2\r\n{}\r\n0\r\n\r\n`,
    });
    assertProblem(response, 413, 'body-too-large');
  });

  test('of a stranger is not read', async () => {
    const head = `POST ${BASE}/accounts HTTP/1.1\r\nHost: 127.0.0.1:${edge.port}\r\nContent-Type: application/json\r\n`;
    const response = edge.sendBytes(`${head}Idempotency-Key: a\r\nContent-Length: 1000000\r\n\r\n{`);
    assertProblem(await within(response, 'a refusal'), 401, 'unauthorized');
  });

  test('is JSON by its media type', async () => {
    const { id, keys: { secret_live: { id: key } } } = await makeAccount();
    for (const type of [
      undefined, '', 'text/plain', 'text/json', 'application/x-www-form-urlencoded', 'application/merge-patch+json',
      'application/json,text/plain',
    ]) {
      (await api.post('/accounts', {}, { 'Content-Type': type })).refused(415, 'unsupported-media-type');
    }
    for (const type of ['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8']) {
      (await api.post('/accounts', { issue: false }, { 'Content-Type': type })).ok(201);
    }
    for (const type of ['application/merge-patch+json', 'application/json']) {
      (await api.patch(`/accounts/${id}/keys/${key}`, { label: 'a' }, { 'Content-Type': type })).ok(200);
    }
    const patch = await api.patch(`/accounts/${id}/keys/${key}`, {}, { 'Content-Type': 'application/json-patch+json' });
    patch.refused(415, 'unsupported-media-type');
  });
});

test('a batch that names an id twice brings in no digest of another account', async () => {
  const owner = await makeAccount();
  const [first, second] = owner.list.map(({ key }) => digest(key));
  const row = (of) => ({ digest: of, id: 'key_twice', kind: 'secret', mode: 'live' });
  const keys = [row(first), row(second)];
  const { imported, refused } = (await api.post('/accounts/acct_twice/import', { create_account: true, keys })).ok(200);
  assert.equal(imported, 0);
  assert.equal(refused.length, 2);
});

test('an admin credential in the query of an API request is not forwarded', async () => {
  const { keys } = await makeAccount();
  const before = (await upstream.received()).length;
  const answer = await edge.sendAs({ key: keys.secret_test.key }, { target: `/echo?token=${issueCredential()}` });
  assert.equal(answer.status, 400);
  assert.equal((await upstream.received()).length, before);
});

test('an actor is visible ASCII, and refused otherwise', async () => {
  for (const actor of ['alice@example.com', 'a'.repeat(128), 'ci:deploy-7', 'ops/alice<1>']) {
    (await api.with({ 'Keyguard-Actor': actor }).get('/accounts?limit=1')).ok(200);
  }
  for (const actor of ['', 'a b', 'M\xfcller', 'a'.repeat(129), 'a, b']) {
    (await api.with({ 'Keyguard-Actor': actor }).get('/accounts?limit=1')).refused(400, 'invalid-parameter');
  }
});

describe('a secret key or an admin credential in the wrong place is refused, not shown, logged or kept', () => {
  // Answers are searched for it when the edge stops, as the log is.
  const key = issueKey('secret', 'live');
  const foreign = PUBLISHED_SECRET;
  const stranger = issueCredential();
  let id, own;
  before(async () => {
    const account = await makeAccount();
    [id, own] = [account.id, account.keys.secret_test.id];
  });

  const ask = (method, path, body, headers = []) => {
    const names = headers.map(([name]) => name);
    const extra = names.includes('Idempotency-Key') ? [] : [['Idempotency-Key', randomUUID()]];
    const all = [bearer(api.credential), ['Content-Type', 'application/json'], ...extra, ...headers];
    return edge.send({ method, target: BASE + path, headers: all, body: body === undefined ? '' : JSON.stringify(body) });
  };
  const row = { digest: digest('a'), kind: 'secret', mode: 'live' };
  const places = {
    'the id of an account': (text) => ask('POST', '/accounts', { id: text }),
    'a label': (text) => ask('POST', '/accounts', { label: `key ${text}` }),
    'the label of a key': (text) => ask('PATCH', `/accounts/${id}/keys/${own}`, { label: text }),
    'a reason': (text) => ask('POST', `/accounts/${id}/keys/${own}/revoke`, { reason: `leaked: ${text}` }),
    'a scope': (text) => ask('PATCH', `/accounts/${id}/keys/${own}`, { scopes: [text] }),
    'a rate': (text) => ask('PATCH', `/accounts/${id}/keys/${own}`, { rate: text }),
    'an origin': (text) =>
      ask('POST', `/accounts/${id}/keys`, { kind: 'publishable', mode: 'live', origins: [`https://${text}`] }),
    'a kind': (text) => ask('POST', `/accounts/${id}/keys`, { kind: text, mode: 'live' }),
    'a number': (text) => ask('POST', `/accounts/${id}/keys/${own}/rotate`, { grace_seconds: text }),
    'the name of a field': (text) => ask('POST', '/accounts', { [text]: 1 }),
    'the name of a field within': (text) => ask('POST', `/accounts/${id}/import`, { keys: [{ [text]: 1 }] }),
    'a digest': (text) => ask('POST', `/accounts/${id}/import`, { keys: [{ ...row, digest: text }] }),
    'the id of an import': (text) => ask('POST', `/accounts/${id}/import`, { keys: [{ ...row, id: text }] }),
    'the last four of an import': (text) => ask('POST', `/accounts/${id}/import`, { keys: [{ ...row, last_four: text }] }),
    'the revocation of an import': (text) =>
      ask('POST', `/accounts/${id}/import`, { keys: [{ ...row, revoked: { at: 1, reason: text } }] }),
    'the path of an account': (text) => ask('GET', `/accounts/${text}`),
    'the path of a key': (text) => ask('GET', `/accounts/${id}/keys/${text}`),
    'the path of a digest': (text) => ask('GET', `/digests/${text}`),
    'no path at all': (text) => ask('GET', `/${text}`),
    'a path with escapes': (text) => ask('GET', `/accounts/${text.replace('_', '%5f')}`),
    'a parameter': (text) => ask('GET', `/accounts?key=${text}`),
    'the name of a parameter': (text) => ask('GET', `/accounts?${text}=1`),
    'a cursor': (text) => ask('GET', `/accounts?cursor=${text}`),
    'a filter': (text) => ask('GET', `/accounts/${id}/keys?kind=${text}`),
    'the actor': (text) => ask('GET', '/accounts', undefined, [['Keyguard-Actor', text]]),
    'the Idempotency-Key': (text) => ask('POST', '/accounts', {}, [['Idempotency-Key', text]]),
    'the credential': (text) => edge.send({ target: `${BASE}/accounts`, headers: [bearer(text)] }),
    'a body that is no JSON': (text) =>
      edge.send({
        method: 'POST',
        target: `${BASE}/accounts`,
        headers: [bearer(api.credential), ['Content-Type', 'application/json'], ['Idempotency-Key', 'raw']],
        body: text,
      }),
  };
  for (const [place, paste] of Object.entries(places)) {
    test(place, async () => {
      for (const text of [key, foreign, issueKey('secret', 'test'), stranger, api.credential]) {
        if (place === 'the credential' && text === api.credential) continue;
        const response = await paste(text);
        assert.ok([400, 401, 404].includes(response.status), response.text.replaceAll(text, '<the key>'));
        const body = text.replace(/^(kgadmin|sk)_(test_)?/, '');
        for (const part of [response.text, ...response.headers.flat(), ...edge.lines.all])
          assert.ok(!part.includes(body), part.replaceAll(body, '<the key>'));
      }
    });
  }

  test('none of it was done', async () => {
    assert.equal((await api.show({ account: id, id: own })).status, 'active');
    assert.equal((await api.audit(id)).length, 5);
    assert.deepEqual(await upstream.received(), []);
  });
});
