// What the upstream receives of an allowed request: all of it, but for what the contract names.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import {
  digest, names, playUpstream, policyFor, seed, startBareEdge, startEdges, startUpstream, stopAll, values,
} from './harness.mjs';

const secret = seed('secret', 'live', { id: 'key_secret', account: 'acct_1' });
const publishable = seed('publishable', 'test', { id: 'key_publishable', account: 'acct_2' });
const confined = seed('secret', 'test', { scopes: ['payments'] });

let live, testing, edge, keeping;

before(async () => {
  [live, testing] = await Promise.all([startUpstream(), startUpstream()]);
  const routes = [
    { method: 'POST', path: '/echo' },
    { method: 'GET', path: '/pay/{id}' },
    { method: 'GET', path: '/echo' },
  ];
  const policy = policyFor(live.origin, { upstream: { live: live.origin, test: testing.origin }, routes });
  [edge, keeping] = await startEdges([
    { policy, seeds: [secret, publishable, confined] },
    { policy: { ...policy, forward_authorization: true } },
  ]);
});
beforeEach(() => Promise.all([live.clear(), testing.clear()]));
after(() => stopAll(edge, live, testing));

const upstreamOf = ({ record }) => (record.mode === 'live' ? live : testing);

/** Sends and gives back the one entry in the log of the key's upstream. */
async function forwarded(key, request = {}, through = edge) {
  const response = await through.sendAs(key, { method: 'POST', target: '/echo', ...request });
  const entries = await upstreamOf(key).received();
  assert.equal(entries.length, 1, `${response.status} ${response.text}`);
  return { ...entries[0], response };
}

describe('credentials', () => {
  for (const key of [secret, publishable]) {
    test(`the ${key.record.kind} key stays at the edge`, async () => {
      const { headers } = await forwarded(key);
      assert.deepEqual(values(headers, 'authorization'), []);
      assert.ok(!JSON.stringify(headers).includes(key.key));
    });
  }
  test('forward_authorization keeps it', async () => {
    const { headers } = await forwarded(publishable, {}, keeping);
    assert.deepEqual(values(headers, 'authorization'), [`Bearer ${publishable.key}`]);
    assert.deepEqual(values(headers, 'keyguard-key-id'), ['key_publishable']);
  });
});

describe('identity', () => {
  for (const key of [secret, publishable]) {
    test(`of the ${key.record.kind} key`, async () => {
      const { headers } = await forwarded(key);
      const { account, id, kind, mode } = key.record;
      for (const [name, value] of Object.entries({ account, 'key-id': id, kind, mode })) {
        assert.deepEqual(values(headers, `keyguard-${name}`), [value]);
      }
      assert.equal(values(headers, 'keyguard-request-id').length, 1);
      assert.match(values(headers, 'keyguard-request-id')[0], /^[\w-]{16,}$/);
    });
  }

  test("goes to the upstream of the key's mode alone", async () => {
    await forwarded(secret);
    assert.deepEqual(await testing.received(), []);
    await forwarded(publishable);
    assert.equal((await live.received()).length, 1);
  });

  for (const spelling of [
    'Keyguard-Account', 'keyguard-account', 'KEYGUARD-ACCOUNT', 'Keyguard_Account', 'keyguard_account',
    'KeyGuard-Key_Id', 'Keyguard-Assertion', 'Keyguard-Anything', 'Keyguard_', 'keyguard-',
  ]) {
    test(`inbound ${spelling} is removed, also when repeated and named in Connection`, async () => {
      for (const connection of ['close', `close, ${spelling}`]) {
        await upstreamOf(publishable).clear();
        const { headers } = await forwarded(publishable, {
          headers: [
            [spelling, 'forged'],
            ['Connection', connection],
            [spelling, 'forged too'],
          ],
        });
        assert.ok(!JSON.stringify(headers).includes('forged'), JSON.stringify(headers));
        const ours = names(headers)
          .filter((name) => /^keyguard/.test(name))
          .sort();
        assert.deepEqual(ours, [
          'keyguard-account', 'keyguard-key-id', 'keyguard-kind', 'keyguard-mode', 'keyguard-request-id',
        ]);
      }
    });
  }

  test('cannot be taken away by Connection', async () => {
    for (const name of ['Connection', 'Proxy-Connection']) {
      await upstreamOf(publishable).clear();
      const { headers } = await forwarded(publishable, {
        headers: [[name, 'keyguard-account, keyguard-key-id, keyguard-kind, keyguard-mode, Keyguard-Request-Id']],
      });
      assert.deepEqual(values(headers, 'keyguard-account'), ['acct_2']);
      assert.equal(names(headers).filter((one) => one.startsWith('keyguard-')).length, 5);
    }
  });
});

describe('hop-by-hop headers (RFC 9110 §7.6.1)', () => {
  test('are removed, and those that Connection names', async () => {
    const { headers } = await forwarded(secret, {
      headers: [
        ['Connection', 'close, X-Hop,x-other'], ['Keep-Alive', 'timeout=5'], ['Proxy-Connection', 'keep-alive'],
        ['Proxy-Authorization', 'Basic x'], ['TE', 'trailers'], ['Trailer', 'X-T'], ['Upgrade', 'h2c'],
        ['X-Hop', '1'], ['X-Other', '2'], ['X-Stays', '3'],
      ],
    });
    for (const name of [
      'keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade', 'x-hop', 'x-other',
    ]) {
      assert.deepEqual(values(headers, name), [], name);
    }
    assert.deepEqual(values(headers, 'x-stays'), ['3']);
    assert.ok(!/x-hop/i.test(values(headers, 'connection').join()));
  });

  test('Connection cannot name what is end-to-end and the body hangs on', async () => {
    const { response } = await forwarded(secret, {
      headers: [
        ['Connection', 'close, content-length, host, content-type'],
        ['Content-Type', 'text/plain'],
      ],
      body: 'hello',
    });
    assert.equal(response.json.body.bytes, 5);
  });
});

describe('an upgrade to a WebSocket (RFC 6455 §4.1)', () => {
  const handshake = [['Upgrade', 'websocket'], ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='], ['Sec-WebSocket-Version', '13']];
  const ways = {
    'as a client asks': [['Connection', 'Upgrade'], ...handshake],
    'with nothing but its name': [['Upgrade', 'WebSocket']],
  };

  for (const [what, headers] of Object.entries(ways)) {
    test(`makes no other method GET, and takes no body away: ${what}`, async () => {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
        const body = ['HEAD', 'OPTIONS'].includes(method) ? '' : 'hello';
        // What is removed of these names is known from here on, and must not be believed of another method.
        await edge.sendAs(secret, { method: 'GET', target: '/echo', headers });
        await upstreamOf(secret).clear();
        const response = await edge.sendAs(secret, { method, target: '/echo', headers, body });
        const [received] = await upstreamOf(secret).received();
        assert.deepEqual([received.method, values(received.headers, 'upgrade')], [method, []]);
        if (body) assert.equal(response.json.body.bytes, body.length, method);
      }
    });
  }
});

describe('headers that override method or path', () => {
  const overrides = [
    'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'x_http_method_override', 'X-Original-URL',
    'X-Rewrite-URL', 'X-Original-URI', 'X-Forwarded-Uri', 'X-Forwarded-Prefix', 'X-Forwarded-Path', 'X_Envoy_Original_Path',
    'X_WAWS_UNENCODED_URL', 'X-MS-Original-URL', 'X-Invoke-Path', 'X-Matched-Path', 'X-Forwarded-Url', 'X-Http-Verb', 'SCRIPT_NAME',
    'X-Script-Name', 'PATH_INFO', 'X!Original!URL',
  ];
  for (const key of [publishable, confined]) {
    test(`are removed for a ${key === confined ? 'confined secret' : 'publishable'} key`, async () => {
      const { headers } = await forwarded(key, { headers: overrides.map((name) => [name, '/admin']) });
      assert.ok(!JSON.stringify(headers).includes('/admin'), JSON.stringify(headers));
    });
  }
  test("are a secret key's own affair", async () => {
    const { headers } = await forwarded(secret, { headers: [['X-HTTP-Method-Override', 'PATCH']] });
    assert.deepEqual(values(headers, 'x-http-method-override'), ['PATCH']);
  });
});

describe('the target', () => {
  const SECRET_TARGETS = [
    '/a%2fb', '/a%2Fb', '//a//b', '/%41', '/a;b=c', '/a%zz', '/a%', '/a?', '/?', '/a%00b', '/a%5cb', '/A/b', '/a|b',
    '/a?x=/../y&z=%41%20+', "/a'(b)*!~", '/%c3%a4',
  ];
  for (const target of SECRET_TARGETS) {
    test(`of a secret key goes through as it came: ${target}`, async () => {
      assert.equal((await forwarded(secret, { method: 'GET', target })).url, target);
    });
  }
  for (const [target, canonical] of [
    ['/pay/%61bc', '/pay/abc'], ['/p%61y/1?a=%41&b', '/pay/1?a=%41&b'], ['/pay/a%2bb', '/pay/a%2Bb'],
    ['/pay/%7e%2D', '/pay/~-'], ['/pay/x?', '/pay/x?'],
  ]) {
    test(`of a publishable key is canonical: ${target}`, async () => {
      assert.equal((await forwarded(publishable, { method: 'GET', target })).url, canonical);
    });
  }
  test('fragment-like and absolute targets bring no other host', async () => {
    const { url, headers } = await forwarded(secret, { method: 'GET', target: 'http://else.example/echo?x' });
    assert.equal(url, '/echo?x');
    assert.deepEqual(values(headers, 'host'), [new URL(live.origin).host]);
  });
});

describe('everything else', () => {
  test("Host is the upstream's own, whatever the request says", async () => {
    const { headers } = await forwarded(secret, {
      headers: [
        ['X-Forwarded-Host', 'else.example'],
        ['Forwarded', 'host=else.example'],
        ['X-Host', 'else.example'],
      ],
    });
    assert.deepEqual(values(headers, 'host'), [new URL(live.origin).host]);
  });

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'PURGE']) {
    test(`method ${method}`, async () => {
      assert.equal((await forwarded(secret, { method })).method, method);
    });
  }

  test('headers of the caller pass, repeated ones too', async () => {
    const sent = [
      ['Accept', 'text/x'], ['Accept-Encoding', 'br;q=1'], ['Content-Type', 'text/plain; charset=x'],
      ['Idempotency-Key', 'i-1'], ['User-Agent', 'tests/1'], ['X-Twice', 'one'], ['X-Twice', 'two'],
      ['X-Empty', ''], ['X_Under', 'score'], ['Cookie', 'a=1'], ['If-None-Match', '"a", W/"b"'],
      ['Range', 'bytes=0-1'],
    ];
    const { headers } = await forwarded(secret, { headers: sent, body: 'x' });
    for (const [name] of sent) {
      assert.equal(values(headers, name).join(', '), values(sent, name).join(', '), name);
    }
  });

  test('bytes that are not ASCII pass in header values', async () => {
    const { headers } = await forwarded(secret, { headers: [['X-Bytes', 'caf\xc3\xa9 \xe9\xff']] });
    assert.deepEqual(values(headers, 'x-bytes'), ['caf\xc3\xa9 \xe9\xff']);
  });

  test('a body passes with a method that seldom has one', async () => {
    for (const method of ['GET', 'DELETE', 'OPTIONS']) {
      await live.clear();
      const { headers, response } = await forwarded(secret, { method, body: 'amount=100' });
      assert.deepEqual([response.status, response.json.method], [200, method]);
      assert.deepEqual(response.json.body, { bytes: 10, sha256: digest('amount=100') });
      assert.deepEqual([values(headers, 'authorization'), values(headers, 'keyguard-key-id')], [[], ['key_secret']]);
    }
  });

  test('bodies pass byte for byte, with a length and in chunks', async () => {
    const body = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
      .join('')
      .repeat(10);
    const plain = await forwarded(secret, { body });
    assert.deepEqual(values(plain.headers, 'content-length'), [String(body.length)]);
    await live.clear();
    const chunked = await forwarded(secret, {
      headers: [['Transfer-Encoding', 'chunked']],
      body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    });
    assert.deepEqual(chunked.response.json.body, plain.response.json.body);
  });
});

describe("the platform's cache", () => {
  /** Answers by the URL alone, as the platform's does, unless it is told to leave a request alone (`cache: "no-store"`). */
  const startCache = async () => {
    const kept = new Map();
    const cache = await playUpstream(async (request, response) => {
      const { 'x-cf': told, host, ...headers } = request.headers;
      const isLeft = told !== undefined && JSON.parse(told).cacheLevel === 'bypass';
      const isKept = /^(GET|HEAD)$/.test(request.method) && headers.authorization === undefined && !isLeft;
      if (!isKept) cache.left += 1;
      if (!isKept || !kept.has(request.url)) {
        const answer = await fetch(request.url, { headers });
        kept.set(request.url, await answer.text());
      }
      response.end(kept.get(request.url));
    });
    return Object.assign(cache, { left: 0 });
  };

  test('gives nobody what another account got', async () => {
    const [one, other] = ['acct_one', 'acct_other'].map((account) => seed('secret', 'test', { account }));
    const entries = new Map([one.entry, other.entry]);
    const store = await playUpstream((request, response) => {
      response.end(entries.get(decodeURIComponent(new URL(request.url, 'http://store').pathname.slice(1))));
    });
    const [cache, statements] = await Promise.all([
      startCache(),
      playUpstream((request, response) => response.end(`of ${request.headers['keyguard-account']}`)),
    ]);
    const bare = await startBareEdge({ policy: policyFor(statements.origin), store: store.origin, proxy: cache.origin });
    try {
      const request = { target: '/statements/2026-10.pdf' };
      for (const key of [one, other, one]) {
        assert.equal((await bare.sendAs(key, request)).text, `of ${key.record.account}`);
      }
      // With a body the request is made in another way.
      for (const key of [one, other]) {
        const answer = await bare.sendAs(key, { ...request, method: 'GET', body: 'x' });
        assert.equal(answer.text, `of ${key.record.account}`);
      }
      assert.equal((await bare.sendAs(one, { ...request, method: 'HEAD' })).status, 200);
      assert.equal(cache.left, 6);
    } finally {
      await stopAll(bare, cache, statements, store);
    }
  });

  test('is passed by two headers that say so, which a caller can set', async () => {
    const caching = async (request) => {
      await live.clear();
      const { headers } = await forwarded(secret, request);
      return ['cache-control', 'pragma'].map((name) => values(headers, name).join());
    };
    assert.deepEqual(await caching({ method: 'GET' }), ['no-cache', 'no-cache']);
    assert.deepEqual(await caching({ method: 'GET', headers: [['Cache-Control', 'max-age=0']] }), ['max-age=0', 'no-cache']);
    assert.deepEqual(await caching({ method: 'POST' }), ['', '']);
  });
});
