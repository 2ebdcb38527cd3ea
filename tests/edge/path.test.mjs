// What a publishable key may reach is told by one canonical path: no other spelling of a route, and no odd
// target or host, gets through or breaks the guard.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { assertRefused, policyFor, seed, startEdge, startUpstream, stopAll } from './harness.mjs';

const publishable = seed('publishable', 'test');
const secret = seed('secret', 'test');
const confined = seed('secret', 'test', { scopes: ['payments'] });

let upstream, edge;

before(async () => {
  upstream = await startUpstream();
  const routes = [
    { method: 'GET', path: '/echo' },
    { method: 'GET', path: '/pay/{id}' },
    { method: 'GET', path: '/pay/{id}/receipt' },
    { method: 'GET', path: '/admin', kinds: ['secret'], scope: 'admin' },
  ];
  edge = await startEdge({ policy: policyFor(upstream.origin, { routes }), seeds: [publishable, secret, confined] });
});
afterEach(() => upstream.clear());
after(() => stopAll(edge, upstream));

const isFromRuntime = (response) => response.header('content-type') !== 'application/problem+json';

/** Refused by the guard, or by the runtime before the guard sees it; never a fault, never forwarded. */
async function assertTurnedAway(response) {
  assert.ok(response, 'there is no response');
  assert.ok(
    (response.status >= 400 && response.status < 500) || response.status === 501,
    `${response.status} ${response.text}`,
  );
  assert.deepEqual(await upstream.received(), []);
  if (!isFromRuntime(response)) assertRefused(response, response.json.code);
}

test('the routes themselves are open', async () => {
  for (const target of [
    '/echo', '/pay/ps_1', '/pay/ps_1/receipt', '/pay/a%20b', '/pay/...', '/pay/.a', '/pay/a:b@c', '/%65cho',
  ]) {
    await edge.sendAs(publishable, { target });
    assert.equal((await upstream.received()).length, 1, target);
    await upstream.clear();
  }
});

describe('a path with more than one reading is no publishable route: insufficient-scope', () => {
  const spellings = [
    '/pay/../echo', '/pay/./x', '/./echo', '/../echo', '/echo/.', '/echo/..', '/echo/../echo', '/pay/x/../y', '/..',
    '/.', '/pay/%2e%2e', '/pay/%2E%2E', '/pay/.%2e', '/pay/%2e.', '/pay/%2e', '/%2e%2e/echo', '/pay/%2e%2e/echo',
    '/pay/..%2fecho', '/pay/%2e%2e%2fecho', '/pay/a%2f..%2f..%2fadmin', '/pay%2fx', '/pay%2Fx', '/pay/a%2fb',
    '/%2fecho', '/echo%2f', '/pay/%252e%252e', '/pay/a%252fb', '/pay/%25', '/pay/%%32%65', '/pay\\x', '/pay/a\\b',
    '/pay/..\\echo', '\\echo', '/\\echo', '/pay%5cx', '/pay/%5C..%5Cecho', '/pay/a%5c', '//echo', '///echo',
    '/pay//x', '/pay/x//receipt', '/echo//', '//pay/x', '/echo;', '/echo;a=b', '/pay/x;jsessionid=1',
    '/pay/..;/echo', '/pay/x%3b', '/pay/%3bx', '/;/echo', '/pay/%00', '/echo%00', '/echo%00.json', '/pay/%0a',
    '/pay/%0d%0aX:1', '/pay/%7f', '/pay/%09', '/pay/%1f', '/pay/%', '/pay/%4', '/pay/%zz', '/pay/%u002e',
    '/pay/%g0', '/echo%', '/pay/%c3%a4', '/pay/%C0%AE%C0%AE', '/pay/%c0%af', '/pay/%e2%80%ae', '/pay/%ff',
    '/pay/%ef%bc%8f', '/pay/%e3%80%82', '/pay/a|b', '/pay/^', '/pay/`', '/pay/{id}', '/ECHO', '/Echo', '/echo/',
    '/Pay/x', '/pay/x/Receipt', '/pay', '/pay/', '/pay/x/', '/pay/x/y', '/echo.json', '/echo%20', '/echo/x', '/',
    '/echo:', '/echo@x',
  ];
  for (const target of spellings) {
    test(target, async () => {
      const response = await edge.sendAs(publishable, { target });
      if (isFromRuntime(response)) assert.equal(response.status, 400);
      else assertRefused(response, 'insufficient-scope');
      assert.deepEqual(await upstream.received(), []);
    });
  }
});

describe('bytes that no URI holds are turned away', () => {
  for (const target of [
    '/pay/\xe4', '/pay/\xc3\xa4', '/pay/\x00', '/pay/a\tb', '/pay/a b', '/pay/"', '/pay/<>', '/echo\x7f', '', '?x',
    '/echo\xa0',
  ]) {
    test(JSON.stringify(target), async () => assertTurnedAway(await edge.sendAs(publishable, { target })));
  }
});

describe('a confined secret key', () => {
  test('reaches what no route claims', async () => {
    assert.equal((await edge.sendAs(confined, { target: '/echo' })).status, 200);
  });
  for (const target of [
    '/admin', '/%61dmin', '/x/../admin', '/x/%2e%2e/admin', '//admin', '/admin;x', '/\\admin', '/./admin',
    '/admin%00', '/a%zz',
  ]) {
    test(`doesn't reach a route of another scope by ${target}`, async () => {
      assertRefused(await edge.sendAs(confined, { target }), 'insufficient-scope');
      assert.deepEqual(await upstream.received(), []);
    });
  }
});

describe('absolute targets (RFC 9112 §3.2.2)', () => {
  for (const target of [
    'http://else.example/echo', 'https://else.example/echo', 'HTTP://ELSE.example/echo',
    'http://user:pw@else.example/echo', 'http://169.254.169.254/echo',
  ]) {
    test(`${target} goes to the policy's upstream or nowhere`, async () => {
      const response = await edge.sendAs(publishable, { target });
      const received = await upstream.received();
      if (response.status === 200) assert.equal(received[0].url, '/echo');
      else await assertTurnedAway(response);
    });
  }
  for (const target of [
    'http://else.example/pay/../echo', 'foo', 'foo://echo', 'else.example:443', 'http:/echo', 'http://',
    'http://else.example',
  ]) {
    test(`${target} is turned away`, async () => assertTurnedAway(await edge.sendAs(publishable, { target })));
  }
});

describe('odd targets, methods and hosts never end in a fault', () => {
  test('OPTIONS *', async () => {
    assertRefused(await edge.sendAs(secret, { method: 'OPTIONS', target: '*' }), 'invalid-request');
    assertRefused(await edge.send({ method: 'OPTIONS', target: '*' }), 'invalid-request');
  });
  test('GET *', async () => assertTurnedAway(await edge.sendAs(secret, { target: '*' })));
  test('TRACE, with and without a key', async () => {
    assertRefused(await edge.sendAs(secret, { method: 'TRACE', target: '/echo' }), 'invalid-request');
    assertRefused(await edge.send({ method: 'TRACE', target: '/echo' }), 'invalid-request');
    assert.deepEqual(await upstream.received(), []);
  });
  for (const method of ['TRACK', 'FOO', 'get', 'Post', 'G\xcbT', 'GET\tX']) {
    test(`method ${JSON.stringify(method)}`, async () =>
      assertTurnedAway(await edge.sendAs(secret, { method, target: '/echo' })));
  }
  test('CONNECT opens no tunnel', async () => {
    // The runtime answers it without asking the guard, and its own fault is all there is to see.
    const response = await edge.sendAs(secret, {
      method: 'CONNECT',
      target: `127.0.0.1:${new URL(upstream.origin).port}`,
    });
    assert.ok(!response || response.status >= 400);
    assert.deepEqual(await upstream.received(), []);
  });

  const hosts = [
    ['a b'], ['a/b'], ['a@b'], ['[::1'], ['h\xe9'], ['a?b'], ['a#b'], ['a\\b'], ['..'], ['%41'], ['a,b'], ['a:b'],
    ['a:99999'], ['127.0.0.1/'], ['127.0.0.1?'], ['127.0.0.1#'], ['127.0.0.1\\'], ['x@127.0.0.1'], ['127.0.0.1 x'],
    ['127.0.0.1/echo?'], ['127.0.0.1/pay'], ['*'], [''], ['a', 'b'], ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'else.example'], ['127.0.0.1', ''],
  ];
  for (const list of hosts) {
    test(`Host ${list.map((one) => JSON.stringify(one)).join(' and ')}`, async () => {
      for (const key of [publishable, secret]) {
        await assertTurnedAway(
          await edge.sendAs(key, { target: '/echo', headers: list.map((host) => ['Host', host]) }),
        );
      }
    });
  }
  test('no Host at all', async () => {
    await assertTurnedAway(
      await edge.sendBytes(`GET /echo HTTP/1.1\r\nAuthorization: Bearer ${secret.key}\r\nConnection: close\r\n\r\n`),
    );
  });
  test('HTTP/1.0, HTTP/2 preface, and no HTTP at all', async () => {
    for (const bytes of [
      'GET /echo HTTP/1.0\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'hello\r\n\r\n',
      '\x16\x03\x01\x00\x00\r\n\r\n',
    ]) {
      const response = await edge.sendBytes(bytes);
      if (response) await assertTurnedAway(response);
    }
  });
  test('a length and chunks at once smuggle nothing', async () => {
    const response = await edge.sendBytes(
      `POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${secret.key}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    assert.notEqual(response?.status, 500);
    assert.deepEqual(
      (await upstream.received()).filter(({ url }) => url !== '/echo'),
      [],
    );
  });
});

test("a problem's instance is the path as it came, without the query", async () => {
  const response = await edge.send({ target: '/a/%2e%2e/b?c=d' });
  assert.equal(response.json.instance, '/a/%2e%2e/b');
});

test('a secret key in the path is not said back', async () => {
  const body = secret.key.slice('sk_'.length);
  for (const path of [`/${secret.key}/x`, `/x${secret.key}`, `/v1token${secret.key}`, `/%252525252573k_${body}`]) {
    const response = await edge.send({ target: path });
    assert.equal(response.json.instance, undefined, path.replace(body, '…'));
    assert.ok(!response.text.includes(body));
  }
});
