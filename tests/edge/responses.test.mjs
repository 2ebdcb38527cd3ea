// Responses come back as the upstream sent them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { playUpstream, policyFor, seed, startEdges, stopAll } from './harness.mjs';

const PAGE = 'https://shop.example';
const secret = seed('secret', 'test');
const publishable = seed('publishable', 'test');
let upstream, respond, plain, readable;

before(async () => {
  upstream = await playUpstream((request, response) => respond(request, response));
  const routes = ['GET', 'HEAD', 'POST'].map((method) => ({ method, path: '/' }));
  [plain, readable] = await startEdges([
    { policy: policyFor(upstream.origin), seeds: [secret, publishable] },
    { policy: policyFor(upstream.origin, { routes, cors: { origins: [PAGE] } }) },
  ]);
});
after(() => stopAll(plain, upstream));

/** Each response is looked at as a server gets it, and as a page gets it, with CORS headers set. */
function both(name, how, check, method = 'GET') {
  test(name, async () => {
    respond = how;
    await check(await plain.sendAs(secret, { method }));
    const response = await readable.sendAs(publishable, { method, headers: [['Origin', PAGE]] });
    assert.equal(response.header('access-control-allow-origin'), PAGE);
    await check(response);
  });
}

describe('status', () => {
  for (const status of [
    200, 201, 202, 203, 206, 207, 226, 299, 300, 399, 400, 402, 418, 422, 451, 499, 500, 501, 599,
  ]) {
    both(
      `${status} with a text of its own`,
      (_, response) => response.writeHead(status, 'Quite So').end('body'),
      (response) => {
        assert.deepEqual([response.status, response.statusText, response.text], [status, 'Quite So', 'body']);
      },
    );
  }
  for (const status of [204, 304]) {
    both(
      `${status} without a body`,
      (_, response) => response.writeHead(status, { etag: '"a"' }).end(),
      (response) => {
        assert.deepEqual([response.status, response.header('etag'), response.body.length], [status, '"a"', 0]);
      },
    );
  }
  both(
    '205',
    (_, response) => response.writeHead(205, { 'content-length': '0' }).end(),
    (response) => assert.equal(response.status, 205),
  );
});

describe('redirects are passed to the client, not followed', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    for (const location of ['/elsewhere', 'https://else.example/x', '//else.example']) {
      let count = 0;
      both(
        `${status} to ${location}`,
        (_, response) => {
          count += 1;
          response.writeHead(status, { location }).end();
        },
        (response) => {
          assert.deepEqual([response.status, response.header('location')], [status, location]);
          assert.equal(count, 1);
          count = 0;
        },
      );
    }
  }
});

describe('headers', () => {
  both(
    'repeated Set-Cookie lines stay apart',
    (_, response) => {
      response
        .writeHead(
          200,
          [
            ['Set-Cookie', 'a=1; Path=/'],
            ['Set-Cookie', 'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT'],
            ['Set-Cookie', 'c=3'],
          ].flat(),
        )
        .end();
    },
    (response) =>
      assert.deepEqual(response.all('set-cookie'), [
        'a=1; Path=/',
        'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT',
        'c=3',
      ]),
  );

  const sent = [
    ['Content-Type', 'text/plain; charset=x'], ['ETag', 'W/"a"'], ['Link', '</a>; rel=preload'], ['Link', '</b>'],
    ['X-Twice', 'one'], ['X-Twice', 'two'], ['WWW-Authenticate', 'Own realm="a"'], ['Retry-After', '7'],
    ['Content-Disposition', 'attachment; filename="caf\xe9"'], ['Cache-Control', 'max-age=5'], ['Vary', 'Accept'],
    ['Server', 'own'], ['Date', 'Wed, 21 Oct 2037 07:28:00 GMT'],
  ];
  both(
    'all others pass',
    (_, response) => response.writeHead(200, sent.flat()).end('x'),
    (response) => {
      for (const name of new Set(sent.map(([one]) => one))) {
        const values = sent
          .filter(([one]) => one === name)
          .map(([, value]) => value)
          .join(', ');
        assert.ok(response.all(name).join(', ').startsWith(values), `${name}: ${response.all(name)}`);
      }
    },
  );
});

describe('bodies arrive byte for byte in the encoding that they came in', () => {
  const text = Buffer.from('the text inside the encoding\n'.repeat(2000));
  const encodings = {
    gzip: gzipSync(text),
    br: brotliCompressSync(text),
    deflate: deflateSync(text),
    zstd: zstdCompressSync(text),
    identity: text,
    'x-own': Buffer.from([0, 255, 1, 254]),
  };
  for (const [encoding, body] of Object.entries(encodings)) {
    for (const framing of ['a length', 'chunks']) {
      both(
        `${encoding} with ${framing}`,
        (_, response) => {
          const length = framing === 'a length' ? { 'content-length': body.length } : {};
          response.writeHead(200, { 'content-encoding': encoding, 'content-type': 'text/plain', ...length });
          response.write(body.subarray(0, 10));
          response.end(body.subarray(10));
        },
        (response) => {
          assert.equal(response.header('content-encoding'), encoding);
          assert.ok(response.body.equals(body), 'other bytes arrived');
          if (framing === 'a length') assert.equal(response.header('content-length'), String(body.length));
        },
      );
    }
  }
  both(
    'gzip that is none',
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
    (response) => assert.equal(response.text, 'no gzip'),
  );
  both(
    'an empty body',
    (_, response) => response.writeHead(200, { 'content-length': '0' }).end(),
    (response) => assert.equal(response.body.length, 0),
  );
});

both(
  'HEAD keeps the headers of the body that it has not',
  (_, response) => response.writeHead(200, { 'content-length': '12345', etag: '"a"' }).end(),
  (response) => {
    assert.deepEqual(
      [response.status, response.header('content-length'), response.header('etag'), response.body.length],
      [200, '12345', '"a"', 0],
    );
  },
  'HEAD',
);

test("what the upstream lets pages read they still may, beside the edge's own", async () => {
  respond = (_, response) => response.writeHead(200, { 'access-control-expose-headers': 'x-own', 'x-own': '1' }).end();
  const response = await readable.sendAs(publishable, { headers: [['Origin', PAGE]] });
  const exposed = response.all('access-control-expose-headers').join().toLowerCase();
  for (const name of ['x-own', 'keyguard-request-id']) assert.ok(exposed.includes(name), exposed);
});
