// Reports of leaked keys from outside: GitHub's signed messages, and keys that are presented. Both without a credential.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import {
  Api, BASE, assertProblem, assertRefused, digest, issueKey, playUpstream, policyFor,
  seed, sleep, startApi, startBareEdge, startUpstream, stopAll, until,
} from './harness.mjs';

/** GitHub's own example of a signed message, with its test key, from its documentation. */
const EXAMPLE = {
  identifier: 'f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d',
  key: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsz9ugWDj5jK5ELBK42ynytbo38gP
HzZFI03Exwz8Lh/tCfL3YxwMdLjB+bMznsanlhK0RwcGP3IDb34kQDIo3Q==
-----END PUBLIC KEY-----`,
  signature: 'MEUCIFLZzeK++IhS+y276SRk2Pe5LfDrfvTXu6iwKKcFGCrvAiEAhHN2kDOhy2I6eGkOFmxNkOJ+L2y8oQ9A2T9GGJo6WJY=',
  body: '[{"token":"some_token","type":"some_type","url":"some_url","source":"some_source"}]',
};

/** GitHub as far as its keys go: more of them can be added, and it can fail. */
async function startGitHub() {
  const github = { keys: [], odd: [], lists: 0, isDown: false, takes: 0, asked: [] };
  const server = http.createServer(async (request, response) => {
    github.lists += 1;
    github.asked.push(request.headers);
    await sleep(github.takes);
    if (github.isDown) return void response.writeHead(500).end();
    const keys = github.keys.map(({ identifier, publicKey }) => ({
      key_identifier: identifier, key: publicKey, is_current: true,
    }));
    response.end(JSON.stringify({ public_keys: [...keys, ...github.odd] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  github.url = `http://127.0.0.1:${server.address().port}/keys`;
  github.stop = async () => server.close();
  github.add = (identifier) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    github.keys.push({ identifier, publicKey: pem, privateKey });
  };
  github.keys.push({ identifier: EXAMPLE.identifier, publicKey: EXAMPLE.key });
  github.add('current');
  return github;
}

let upstream, github, edge, api;
before(async () => {
  upstream = await startUpstream();
  github = await startGitHub();
  const policy = policyFor(upstream.origin, {
    leaks: { github: true, presented: true },
    exposure: { live: 'quarantine' },
  });
  ({ edge, api } = await startApi({ policy, vars: { GITHUB_KEYS_URL: github.url } }));
});
after(() => stopAll(edge, github, upstream));

const use = (key) => edge.sendAs({ key }, { target: '/echo' });

async function settled(account, key) {
  await api.written(account);
  return use(key);
}

/** Posts as somebody without a credential. */
const post = (path, body, headers = {}) =>
  api.post(path, body, { Authorization: undefined, 'Idempotency-Key': undefined, ...headers });

/** The headers of what GitHub sends, signed by one of its keys. */
function signed(text, by = 'current') {
  const key = github.keys.find(({ identifier }) => identifier === by);
  const signature = sign('sha256', Buffer.from(text), key.privateKey).toString('base64');
  return { 'Github-Public-Key-Identifier': by, 'Github-Public-Key-Signature': signature };
}

/** Sends what GitHub would, with anything of it changed. */
function tell(found, { by, headers = {}, body } = {}) {
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  return post('/leaks/github', body ?? text, { ...signed(text, by), ...headers });
}

/** An edge that knows none of GitHub's keys yet: its API as GitHub sees it. */
async function startCold(t) {
  const policy = policyFor(upstream.origin, { leaks: { github: true } });
  const { edge: guard, api: admin } = await startApi({ policy, vars: { GITHUB_KEYS_URL: github.url } });
  t.after(() => guard.stop());
  return { guard, admin: admin.with({ Authorization: undefined }) };
}

const found = (token, fields = {}) => ({
  token, type: 'keyguard_secret_key', url: 'https://github.example/octo/shop/blob/6dcb09b5b57875f334f61aebed695e2e4193db5e/.env',
  source: 'content', ...fields,
});

describe("GitHub's message", () => {
  test('puts the exposure policy in force, and is told what was a key', async () => {
    const { id, keys: { secret_live: live, publishable_live: publishable, secret_test: kept } } = await api.createAccount();
    const strange = issueKey('secret', 'live');
    const answer = await tell([found(live.key), found(publishable.key), found(strange), found('ghp_nothing')]);
    const labels = [live.key, publishable.key, strange, 'ghp_nothing'].map((token, index) => ({
      token_hash: digest(token), token_type: 'keyguard_secret_key',
      label: index === 0 ? 'true_positive' : 'false_positive',
    }));
    assert.deepEqual(answer.ok(200), labels);
    assertRefused(await settled(id, live.key), 'key-exposed');
    const { exposed } = await api.show(live);
    assert.deepEqual([exposed.channel, exposed.place], ['github', found('').url]);
    assert.equal((await use(kept.key)).status, 200);
    const entry = (await api.audit(id)).at(-1);
    assert.deepEqual([entry.action, entry.credential, entry.request_id], ['key.exposed', 'edge:github', answer.header('keyguard-request-id')]);
    // A test key's exposure is counted alone by this policy, and it is a key all the same.
    assert.equal((await tell([found(kept.key)])).ok(200)[0].label, 'true_positive');
    assert.equal((await settled(id, kept.key)).status, 200);
  });

  test('is verified as its documentation has it', async () => {
    const { identifier, signature, body } = EXAMPLE;
    const headers = { 'Github-Public-Key-Identifier': identifier, 'Github-Public-Key-Signature': signature };
    const labels = (await post('/leaks/github', body, headers)).ok(200);
    assert.deepEqual(labels, [{ token_hash: digest('some_token'), token_type: 'some_type', label: 'false_positive' }]);
  });

  test('is refused if a byte of it, its signature or its key is another', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    const text = JSON.stringify([found(key.key)]);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const good = sign('sha256', Buffer.from(text), github.keys[1].privateKey);
    const raw = sign('sha256', Buffer.from(text), { key: github.keys[1].privateKey, dsaEncoding: 'ieee-p1363' });
    const zeros = Buffer.from([0x30, 6, 2, 1, 0, 2, 1, 0]);
    const signatures = [
      undefined, '', 'x', good.toString('hex'), good.subarray(0, -1).toString('base64'), raw.toString('base64'),
      Buffer.concat([good, Buffer.from([0])]).toString('base64'), zeros.toString('base64'),
      sign('sha256', Buffer.from(text), other).toString('base64'), sign('sha384', Buffer.from(text), github.keys[1].privateKey).toString('base64'),
      EXAMPLE.signature,
    ];
    for (const signature of signatures) {
      const answer = await tell([found(key.key)], { headers: { 'Github-Public-Key-Signature': signature } });
      assertProblem(answer, 403, 'invalid-signature');
    }
    for (const body of [`${text} `, text.replace('content', 'c0ntent'), '[]', '']) {
      assertProblem(await tell([found(key.key)], { body }), 403, 'invalid-signature');
    }
    for (const identifier of [undefined, '', EXAMPLE.identifier, '../current', 'current,current']) {
      const answer = await tell([found(key.key)], { headers: { 'Github-Public-Key-Identifier': identifier } });
      assertProblem(answer, 403, 'invalid-signature');
    }
    assert.equal((await settled(id, key.key)).status, 200);
  });

  test('by a key that is new is verified, and made-up names fetch few lists', async () => {
    await tell([found('x')]);
    await sleep(1100);
    github.add('newer');
    (await tell([found('x')], { by: 'newer' })).ok(200);
    const before = github.lists;
    for (let count = 0; count < 20; count += 1) {
      const name = `made-up-${count}`;
      const answer = await tell([found('x')], { headers: { 'Github-Public-Key-Identifier': name } });
      assert.ok([403, 503].includes(answer.status), answer.text);
    }
    (await tell([found('x')], { by: 'newer' })).ok(200);
    assert.ok(github.lists - before <= 5, `${github.lists - before} lists`);
  });

  test('is verified where several come at once and the keys are still to be fetched, whatever comes with them', async (t) => {
    const { guard, admin } = await startCold(t);
    github.takes = 500;
    t.after(() => { github.takes = 0; });
    const before = github.lists;
    const send = (headers) => admin.post('/leaks/github', '[]', { ...signed('[]'), ...headers });
    // One that names a key of its own asks first, and its client doesn't wait for the answer.
    const made = { ...signed('[]'), 'Github-Public-Key-Identifier': 'made-up', 'Content-Type': 'application/json' };
    const gone = http.request({ port: guard.port, host: '127.0.0.1', method: 'POST', path: `${BASE}/leaks/github`, headers: made });
    gone.on('error', () => {});
    gone.end('[]');
    await until(() => github.lists > before, 'the list');
    const answers = Array.from({ length: 6 }, () => send());
    const stranger = send({ 'Github-Public-Key-Identifier': 'made-up-too' });
    gone.destroy();
    for (const answer of await Promise.all(answers)) answer.ok(200);
    assertProblem(await stranger, 403, 'invalid-signature');
    assert.equal(github.lists - before, 1);
  });

  test('is verified where the list has keys that can not be used beside its own, and not decided where it has no other', async (t) => {
    const { keys } = github;
    t.after(() => Object.assign(github, { keys, odd: [] }));
    const pem = (type, options) => generateKeyPairSync(type, options).publicKey.export({ type: 'spki', format: 'pem' });
    const others = [pem('ed25519'), pem('ec', { namedCurve: 'P-384' }), 'x', '', 5, null];
    github.odd = [...others.map((key, index) => ({ key_identifier: `other-${index}`, key })), {}, null, 7];
    const { guard, admin } = await startCold(t);
    const send = (headers) => admin.post('/leaks/github', '[]', headers);
    const headers = signed('[]');
    (await send(headers)).ok(200);
    assertProblem(await send({ ...headers, 'Github-Public-Key-Identifier': 'other-0' }), 403, 'invalid-signature');
    const line = await guard.lines.find(({ event }) => event === 'github-keys-skipped');
    assert.equal(line.skipped, github.odd.length);

    github.keys = [];
    const { guard: second, admin: without } = await startCold(t);
    assertProblem(await without.post('/leaks/github', '[]', headers), 503, 'store-unavailable');
    await second.lines.find(({ event }) => event === 'github-keys-failed');
  });

  test('by a key that is known is verified while the list fails, and by another is not decided', async () => {
    (await tell([found('x')])).ok(200);
    github.isDown = true;
    try {
      await sleep(1100);
      const answer = await tell([found('x')], { headers: { 'Github-Public-Key-Identifier': 'unheard' } });
      assertProblem(answer, 503, 'store-unavailable');
      (await tell([found('x')])).ok(200);
    } finally {
      github.isDown = false;
    }
  });

  test('that is signed and makes no sense is refused', async () => {
    for (const body of ['{}', 'x', '"x"', '5', 'null', '', '[', '[{]', '[] []', JSON.stringify(found('x'))]) {
      assertProblem(await tell(body), 400, 'invalid-body');
    }
    assert.deepEqual((await tell([])).ok(200), []);
  });

  test('is acted on in what makes sense of it, whatever the rest is', async () => {
    const { id, keys: { secret_live: first, secret_test: second } } = await api.createAccount();
    const good = JSON.stringify(found(first.key));
    const deep = `${'['.repeat(500)}${']'.repeat(500)}`;
    // Each is of no use, and stands between two that are.
    const odd = ['7', '[]', 'null', '"x"', '{}', '{"type":"t","url":"u"}', '{"token":5}', '{"token":null}', '{"token":["x"]}',
      '{"token":"a\\ud800","type":"t","url":"u"}', '{"token":"x","token":"y"}', deep];
    for (const item of odd) {
      const labels = (await tell(`[${good},${item},${good}]`)).ok(200);
      assert.deepEqual(labels.map(({ label }) => label), ['true_positive', 'true_positive'], item);
    }
    const skipped = edge.lines.all.filter((line) => line.includes('github-leaks-skipped'));
    assert.equal(skipped.length, odd.length);
    assert.ok(skipped.every((line) => line.includes('"skipped":1')), skipped[0]);

    // What is wrong beside the token is as if it weren't there.
    const token = JSON.stringify(second.key);
    const kinds = ['"url":5', '"type":null', '"type":7,"url":[]', '"type":"\\udfff","url":"\\ud800"', `"type":{},"more":${deep}`, '"more":"\\ud800"'];
    for (const fields of kinds) {
      const [label] = (await tell(`[{"token":${token},${fields}}]`)).ok(200);
      assert.deepEqual(label, { token_hash: digest(second.key), token_type: '', label: 'true_positive' }, fields);
    }
    await api.written(id);
    assert.equal((await api.show(first)).exposed.channel, 'github');
  });

  test('may be long, and name many keys of many accounts', async () => {
    const accounts = await Promise.all(Array.from({ length: 12 }, () => api.createAccount()));
    const keys = accounts.flatMap(({ keys: { secret_live: live, secret_test: test } }) => [live, test]);
    const texts = keys.map(({ key }) => key);
    const tokens = [...texts, ...Array.from({ length: 2000 }, () => issueKey('secret', 'live')), ...texts];
    const labels = (await tell(tokens.map((token) => found(token, { url: '' })))).ok(200);
    assert.equal(labels.length, tokens.length);
    const real = labels.filter(({ label }) => label === 'true_positive').map(({ token_hash: hash }) => hash);
    assert.deepEqual(real.sort(), [...texts, ...texts].map(digest).sort());
    for (const { id, keys: { secret_live: key } } of accounts) {
      await api.written(id);
      const { status, exposed } = await api.show(key);
      assert.deepEqual([status, exposed.channel, exposed.place], ['exposed', 'github', null]);
      const seen = (await api.audit(id)).filter(({ credential }) => credential === 'edge:github');
      assert.equal(seen.length, 2, 'what was found twice is told once');
    }
  });

  test('is verified whatever the length of the numbers of its signature', async () => {
    const { privateKey } = github.keys.find(({ identifier }) => identifier === 'current');
    const text = Buffer.from(JSON.stringify([found('x')]));
    const lengths = new Set();
    for (let tries = 0; tries < 20_000 && !(lengths.has(31) && lengths.has(33)); tries += 1) {
      const signature = sign('sha256', text, privateKey);
      const first = signature[3];
      const second = signature[5 + first];
      const isNew = [first, second].some((length) => !lengths.has(length));
      if (!isNew) continue;
      for (const length of [first, second]) lengths.add(length);
      const headers = { 'Github-Public-Key-Signature': signature.toString('base64') };
      (await tell([found('x')], { headers })).ok(200);
    }
    assert.ok(lengths.has(31) && lengths.has(32) && lengths.has(33), [...lengths].join());
  });

  test('shows no key and no query in what is kept', async () => {
    const { id, keys: { secret_live: key } } = await api.createAccount();
    const url = `https://github.example/octo/shop/blob/main/${key.key}.txt?raw=${key.key}`;
    const [label] = (await tell([found(key.key, { url, type: key.key })])).ok(200);
    assert.equal(label.token_type, '');
    await api.written(id);
    assert.equal((await api.show(key)).exposed.place, null);
  });
});

test("GitHub's keys are asked for as somebody, where the deployment is somebody", async (t) => {
  assert.ok(github.asked.every(({ authorization }) => authorization === undefined));
  const policy = policyFor(upstream.origin, { leaks: { github: true } });
  for (const [token, expected] of [['token_of_a_test\n', 'Bearer token_of_a_test'], ['token_of_a\ntest', undefined], ['', undefined]]) {
    const { edge: guard, api: admin } = await startApi({ policy, vars: { GITHUB_KEYS_URL: github.url, GITHUB_TOKEN: token } });
    t.after(() => guard.stop());
    const { identifier, signature, body } = EXAMPLE;
    (await admin.post('/leaks/github', body, {
      Authorization: undefined, 'Github-Public-Key-Identifier': identifier, 'Github-Public-Key-Signature': signature,
    })).ok(200);
    assert.equal(github.asked.at(-1).authorization, expected);
    assert.ok(guard.lines.all.every((line) => !line.includes('token_of_a')));
  }
});

describe('a key that is presented', () => {
  test('is over, whoever presents it', async () => {
    const { id, keys: { secret_live: live, secret_test: other } } = await api.createAccount();
    assert.deepEqual((await post('/leaks', { key: other.key })).ok(202), { received: true });
    assertRefused(await settled(id, other.key), 'key-revoked');
    assert.equal((await api.show(other)).revoked.reason, 'exposed: presented');
    // The policy says quarantine for live keys.
    (await post('/leaks', { key: live.key })).ok(202);
    assertRefused(await settled(id, live.key), 'key-exposed');
    assert.equal((await api.show(live)).exposed.channel, 'presented');
  });

  test('gets the same answer whether or not there is one', async () => {
    const { keys: { secret_live: key, publishable_live: publishable } } = await api.createAccount();
    const answers = [];
    for (const one of [key.key, key.key, issueKey('secret', 'live'), publishable.key, issueKey('publishable', 'test')]) {
      const { status, text, headers } = await post('/leaks', { key: one });
      const { date, 'keyguard-request-id': _, ...same } = headers;
      answers.push(JSON.stringify([status, text, same]));
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    assert.equal((await api.show(publishable)).status, 'active');
  });

  test('is one key and no more, or refused without being shown', async () => {
    const key = issueKey('secret', 'live');
    const bodies = [{}, { key: 1 }, { key: '' }, { key: ` ${key}` }, { key: 'sk_x' }, { key, keys: [] }, [key], { [key]: 1 }];
    for (const body of bodies) {
      const answer = await post('/leaks', body);
      assertProblem(answer, 400, 'invalid-body');
      assert.ok(!answer.text.includes(key.slice(3)), answer.text);
    }
    assertProblem(await post('/leaks', 'x'.repeat(1024 * 1024 + 1)), 413, 'body-too-large');
    assertProblem(await post('/leaks', { key }, { 'Content-Type': 'text/plain' }), 415, 'unsupported-media-type');
    assertProblem(await post('/leaks?dry_run=true', { key }), 400, 'invalid-parameter');
    for (const path of ['/leaks', '/leaks/github']) {
      const answer = await api.ask('GET', path, undefined, { Authorization: undefined });
      assertProblem(answer, 405, 'method-not-allowed');
      assert.equal(answer.header('allow'), 'POST');
    }
  });
});

describe('reports from one address', () => {
  const limit = { binding: 'RATE_LEAKS', limit: 3, period: 60 };
  const limited = (namespace, fields = {}) => ({
    policy: policyFor(upstream.origin, { leaks: { github: true, presented: true }, rates: { leaks: limit }, ...fields }),
    vars: { GITHUB_KEYS_URL: github.url },
    bindings: { ratelimits: { RATE_LEAKS: { namespace_id: namespace, simple: { limit: 3, period: 60 } } } },
  });

  test('are limited before anything is done, and by nobody else', async (t) => {
    const { edge: guard, api: admin } = await startApi(limited('2001'));
    t.after(() => guard.stop());
    const { keys: { secret_test: key } } = await admin.createAccount();
    const from = (address) => ({ Authorization: undefined, 'Idempotency-Key': undefined, 'CF-Connecting-IP': address });
    const lists = github.lists;
    for (let count = 0; count < 3; count += 1) {
      (await admin.post('/leaks', { key: issueKey('secret', 'test') }, from(`2001:db8::${count}`))).ok(202);
    }
    const answers = [
      await admin.post('/leaks', { key: key.key }, from('2001:db8::9')),
      // Too long, of which nothing is sent: the answer would come, and the connection end, in the middle of it.
      await admin.post('/leaks', '', { ...from('2001:db8::9'), 'Content-Length': 1024 * 1024 + 1, Connection: 'close' }),
      await admin.post('/leaks/github', [], { ...from('2001:db8::9'), 'Github-Public-Key-Identifier': 'unheard' }),
    ];
    for (const answer of answers) {
      assertProblem(answer, 429, 'rate-limited');
      assert.deepEqual(['retry-after', 'ratelimit-policy', 'ratelimit'].map((name) => answer.header(name)),
        ['60', '"leaks";q=3;w=60', '"leaks";r=0;t=60']);
    }
    assert.deepEqual([github.lists, (await admin.show(key)).status], [lists, 'active']);
    // An operator isn't counted, and neither is another network.
    (await admin.get('/accounts')).ok(200);
    (await admin.post('/leaks', { key: key.key }, from('2001:db8:0:1::1'))).ok(202);
    assert.equal((await admin.show(key)).status, 'revoked');
  });

  test('are refused while they can not be counted', async (t) => {
    const broken = await startBareEdge({
      policy: policyFor(upstream.origin, { leaks: { presented: true }, rates: { leaks: { ...limit, binding: 'RATE_PLAYED' } } }),
      store: upstream.origin,
      standIn: true,
    });
    t.after(() => broken.stop());
    const ask = new Api(broken, 'none', { Authorization: undefined, 'Idempotency-Key': undefined });
    for (const limiter of ['throws', 'rejects', 'hangs', 'says nothing']) {
      const answer = await ask.post('/leaks', { key: issueKey('secret', 'live') }, { 'X-Stand-In': JSON.stringify({ limiter }) });
      assertProblem(answer, 503, 'store-unavailable');
    }
    (await ask.post('/leaks', { key: issueKey('secret', 'live') })).ok(202);
  });

  test('are refused where the limiter of the policy is not bound', async (t) => {
    const { edge: guard } = await startApi({ ...limited('2002'), bindings: {} });
    t.after(() => guard.stop());
    assertRefused(await guard.send(), 'misconfigured');
  });
});

describe('what goes wrong with a report', () => {
  const own = seed('secret', 'test');
  let store, guard, reads;
  before(async () => {
    reads = 0;
    store = await playUpstream((request, response) => {
      reads += 1;
      response.end(own.entry[1]);
    });
    guard = await startBareEdge({
      policy: policyFor(upstream.origin, { leaks: { github: true, presented: true }, memory_ttl: 300 }),
      store: store.origin,
      standIn: true,
    });
    assert.equal((await guard.sendAs(own, { target: '/echo' })).status, 200);
  });
  after(() => stopAll(guard, store));

  /** That the guard still has what it had of a key. */
  async function assertRemembered() {
    const before = reads;
    assert.equal((await guard.sendAs(own, { target: '/echo' })).status, 200);
    assert.equal(reads, before, 'the guard forgot');
  }

  for (const [what, path, length, part, code] of [
    ['breaks off', '/leaks', 'Content-Length: 50', '{"key":', '400 invalid-body'],
    ['is badly cut', '/leaks', 'Transfer-Encoding: chunked', '5\r\n{"key\r\nZZ\r\n', '400 invalid-body'],
    ["is badly cut, as GitHub's", '/leaks/github', 'Transfer-Encoding: chunked', '5\r\n{"key\r\nZZ\r\n', '403 invalid-signature'],
  ]) {
    test(`costs the guard no memory: a body that ${what}`, async () => {
      const head = [`POST ${BASE}${path} HTTP/1.1`, `Host: 127.0.0.1:${guard.port}`, 'Content-Type: application/json', length];
      const response = await guard.sendBytes(`${head.join('\r\n')}\r\n\r\n${part}`, { isAll: true });
      assert.equal(`${response.status} ${response.json.code}`, code, response.text);
      await assertRemembered();
    });
  }

  test('costs the guard no memory: an error on the way, which the log has', async () => {
    const response = await guard.send({
      method: 'POST',
      target: `${BASE}/leaks/github`,
      headers: [['Content-Type', 'application/json'], ['Github-Public-Key-Identifier', EXAMPLE.identifier],
        ['Github-Public-Key-Signature', EXAMPLE.signature], ['X-Stand-In', JSON.stringify({ broken: 'GITHUB_KEYS_URL' })]],
      body: '[]',
    });
    assertRefused(response, 'internal');
    const id = response.header('keyguard-request-id');
    const line = await guard.lines.find(({ event, request_id }) => event === 'accounts-failed' && request_id === id);
    assert.equal(line.reason, 'broken');
    await assertRemembered();
  });
});

test('without the policy there is no intake', async (t) => {
  const { edge: closed, api: admin } = await startApi({ policy: policyFor(upstream.origin) });
  t.after(() => closed.stop());
  for (const path of ['/leaks', '/leaks/github']) {
    assertProblem(await admin.post(path, { key: issueKey('secret', 'live') }), 404, 'not-found');
    const unknown = await admin.post('/nothing', {}, { Authorization: undefined });
    const answer = await admin.post(path, { key: issueKey('secret', 'live') }, { Authorization: undefined });
    assert.deepEqual([answer.status, answer.json.code], [unknown.status, unknown.json.code]);
  }
});
