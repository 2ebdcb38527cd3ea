// One line per verdict: who, what and why, and never a key.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  assertNoSecretKeys, issueKey, mistyped, now, policyFor, seed, secretKeys, startEdge, startUpstream, stopAll,
} from './harness.mjs';

const PAGE = 'https://shop.example';
const secret = seed('secret', 'test', { id: 'key_secret', label: 'of the warehouse' });
const publishable = seed('publishable', 'live', { id: 'key_publishable' });
const revoked = seed('secret', 'live', { id: 'key_revoked', revoked: { at: 1 } });
const expired = seed('publishable', 'test', { id: 'key_expired', expires_at: now() - 1 });
const misfiled = seed('secret', 'test', { id: 'key_of_another', mode: 'live' });
const unreadable = seed('secret', 'test', {}, 'no record');
const unknown = { key: issueKey('secret', 'test') };
const redacted = ({ key }) => `${/^[ps]k_(test_)?/.exec(key)[0]}…${key.slice(-4)}`;

let upstream, edge;

before(async () => {
  upstream = await startUpstream();
  const routes = [
    { method: 'GET', path: '/echo' },
    { method: 'GET', path: '/pay/{id}' },
  ];
  edge = await startEdge({
    policy: policyFor(upstream.origin, { routes, cors: { origins: [PAGE] } }),
    seeds: [secret, publishable, revoked, expired, misfiled, unreadable],
  });
});
after(() => stopAll(edge, upstream));

/** The request id of an answer: a refusal says it, and of a forwarded request the upstream was told. */
async function requestIdOf(response) {
  if (response.header('keyguard-request-id')) return response.header('keyguard-request-id');
  const { rawHeaders } = response.json;
  return rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'keyguard-request-id') + 1];
}

const FIELDS = [
  'event', 'code', 'status', 'request_id', 'method', 'route', 'duration_ms', 'key_id', 'key', 'kind', 'mode',
];

describe("a verdict's line", () => {
  const rows = [
    [
      'allowed, secret',
      secret,
      { target: '/echo' },
      { code: 'allowed', key_id: 'key_secret', kind: 'secret', mode: 'test', route: null, method: 'GET' },
    ],
    [
      'allowed, on a route',
      publishable,
      { target: '/echo?a=b' },
      { code: 'allowed', key_id: 'key_publishable', kind: 'publishable', mode: 'live', route: 'GET /echo' },
    ],
    [
      'no credential',
      undefined,
      { method: 'DELETE' },
      { code: 'unauthorized', status: 401, method: 'DELETE', route: null },
    ],
    ['malformed', { key: 'a b' }, {}, { code: 'invalid-request', status: 400 }],
    ['no key', { key: 'nonsense' }, {}, { code: 'invalid-key', status: 400 }],
    [
      'unknown',
      unknown,
      {},
      { code: 'invalid-key', status: 400, key: redacted(unknown), kind: 'secret', mode: 'test' },
    ],
    [
      'mis-filed',
      misfiled,
      {},
      { code: 'invalid-key', status: 400, key: redacted(misfiled), kind: 'secret', mode: 'test' },
    ],
    ['unreadable', unreadable, {}, { code: 'store-unavailable', status: 503, key: redacted(unreadable) }],
    ['revoked', revoked, {}, { code: 'key-revoked', status: 403, key_id: 'key_revoked', kind: 'secret', mode: 'live' }],
    ['expired', expired, {}, { code: 'key-expired', status: 403, key_id: 'key_expired' }],
    [
      'in a page',
      secret,
      { headers: [['Origin', PAGE]] },
      { code: 'secret-key-in-browser', status: 403, key_id: 'key_secret' },
    ],
    [
      'no route',
      publishable,
      { target: '/refunds' },
      { code: 'insufficient-scope', status: 403, key_id: 'key_publishable' },
    ],
  ];
  for (const [name, key, request, expected] of rows) {
    test(name, async () => {
      const response = key ? await edge.sendAs(key, request) : await edge.send(request);
      const line = await edge.verdict(await requestIdOf(response));
      for (const [field, value] of Object.entries(expected))
        assert.equal(line[field], value, `${field}: ${JSON.stringify(line)}`);
      assert.ok(Number.isFinite(line.duration_ms) && line.duration_ms >= 0);
      assert.deepEqual(
        Object.keys(line).filter((field) => !FIELDS.includes(field)),
        [],
      );
      assert.ok(!('key' in line && 'key_id' in line), 'a key with an id is called by it');
    });
  }

  test('names the key whose upstream broke off', async () => {
    const response = await edge.sendAs(secret, { target: '/reset' });
    assert.equal(response.status, 502);
    const id = response.header('keyguard-request-id');
    const line = await edge.lines.find(({ request_id, code }) => request_id === id && code === 'upstream-unreachable');
    assert.deepEqual([line.key_id, line.kind, line.mode, line.status], ['key_secret', 'secret', 'test', 502]);
  });

  test('names the pattern of a route, not the path', async () => {
    const response = await edge.sendAs(publishable, { target: '/pay/customer_17' });
    assert.equal(response.status, 404);
    const line = await edge.lines.find(({ route }) => route === 'GET /pay/{id}');
    assert.ok(!JSON.stringify(line).includes('customer_17'));
  });

  test('says what is true of its own request, whatever came before with that key', async () => {
    const requests = [
      [secret, 'GET', '/echo', null],
      [secret, 'GET', '/echo?a=1', null],
      [secret, 'POST', '/echo', null],
      [secret, 'GET', '/echo', null],
      [publishable, 'GET', '/echo', 'GET /echo'],
      [publishable, 'GET', '/pay/a', 'GET /pay/{id}'],
      [publishable, 'GET', '/%65cho', 'GET /echo'],
      [publishable, 'GET', '/echo', 'GET /echo'],
    ];
    const answers = [];
    for (const [key, method, target] of [...requests, ...requests]) answers.push(await edge.sendAs(key, { method, target }));
    // The demo upstream says back what it was told, but for a path that it doesn't know.
    const echoed = answers.flatMap((answer, index) => (answer.status === 200 ? [[answer, requests[index % requests.length]]] : []));
    assert.equal(echoed.length, 14);
    const ids = new Set();
    for (const [answer, [{ record }, method, target, route]] of echoed) {
      const id = await requestIdOf(answer);
      ids.add(id);
      const line = await edge.verdict(id);
      assert.deepEqual([line.code, line.key_id, line.method, line.route], ['allowed', record.id, method, route]);
      assert.equal(answer.json.url, target.replace('%65', 'e'));
    }
    assert.equal(ids.size, 14);
  });

  test('is one line per request', async () => {
    const counted = edge.lines.all.length;
    const ids = [];
    for (let index = 0; index < 10; index += 1)
      ids.push(await requestIdOf(await edge.sendAs(index % 2 ? secret : unknown, { target: '/echo' })));
    for (const id of ids) await edge.verdict(id);
    const lines = edge.lines.all.slice(counted).map((line) => JSON.parse(line));
    assert.deepEqual(lines.map((line) => line.request_id).sort(), ids.sort());
  });
});

test('what only might be refused has its line where what passes has none, and no other has', async () => {
  const routes = [{ method: 'GET', path: '/echo' }];
  const { log_allowed: _, ...policy } = policyFor(upstream.origin, { routes, report_only: true });
  const quiet = await startEdge({
    policy,
    seeds: [publishable],
  });
  try {
    const reported = [];
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await quiet.sendAs(publishable, { target: '/echo' })).status, 200);
      reported.push(await requestIdOf(await quiet.sendAs(publishable, { method: 'POST', target: '/echo' })));
      assert.equal((await quiet.sendAs(publishable, { target: '/echo' })).status, 200);
    }
    await quiet.verdict((await quiet.send()).header('keyguard-request-id'));
    const allowed = quiet.lines.all.map((line) => JSON.parse(line)).filter(({ code }) => code === 'allowed');
    assert.deepEqual(allowed.map(({ request_id: id }) => id), reported);
    for (const line of allowed) assert.equal(line.reported, 'insufficient-scope');
  } finally {
    await stopAll(quiet);
  }
});

test('no line, response body or header shows a secret key of this run, wherever it was put', async () => {
  const key = secret.key;
  const places = [
    { target: `/${key}` },
    { target: `/a/${key}/b?c` },
    { target: `/?k=${key}` },
    { target: `/%73${key.slice(1)}` },
    { target: `/${key.toUpperCase()}` },
    { headers: [['Authorization', `Basic ${key}`]] },
    { headers: [['Authorization', `Bearer ${key} ${key}`]] },
    { headers: [['Authorization', key]] },
    { headers: [['Authorization', `Bearer ${mistyped(key)}`]] },
    { headers: [['Authorization', `Bearer ${key}0`]] },
    { headers: [['Authorization', `Bearer ${key}, Bearer ${key}`]] },
    { headers: [['X-Api-Key', key]] },
    { headers: [['Keyguard-Request-Id', key]] },
    { headers: [['Origin', key]] },
    { headers: [['Origin', `https://${key}.example`]] },
    { headers: [['Cookie', `k=${key}`]] },
    {
      method: 'OPTIONS',
      headers: [
        ['Origin', key],
        ['Access-Control-Request-Method', key],
      ],
    },
    {
      method: 'OPTIONS',
      headers: [
        ['Origin', PAGE],
        ['Access-Control-Request-Headers', key],
      ],
    },
    { method: key },
    { headers: [['Host', key]] },
    { headers: [['Host', `${key}.example`]] },
    { target: `http://${key}/` },
    { target: '/', body: key, method: 'POST' },
    {
      headers: [
        ['Authorization', `Bearer ${key}`],
        ['Sec-Fetch-Site', 'cross-site'],
      ],
    },
    {
      headers: [
        ['Authorization', `Bearer ${key}`],
        ['Sec-Fetch-Site', key],
      ],
    },
  ];
  for (const place of places) {
    const response = await edge.send(place);
    assert.ok(response === undefined || response.status >= 400 || place.method === 'OPTIONS', `${response?.status}`);
  }
  // The lines of what came before are there once this one is.
  await edge.verdict((await edge.send()).header('keyguard-request-id'));
  assert.ok(secretKeys.size >= 6);
  assert.ok(edge.lines.all.length > places.length / 2);
  assertNoSecretKeys(edge.lines.all);
});

test('the search finds a key that is there', () => {
  assert.throws(() => assertNoSecretKeys([`{"key":"${secret.key}"}`]));
});
