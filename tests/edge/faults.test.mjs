// Step 11 when it fails: an upstream that can't be reached, breaks off or is silent.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';

import {
  assertRefused, playUpstream, policyFor, refusingOrigin, seed, startEdge, startEdges, stopAll,
} from './harness.mjs';

const key = seed('secret', 'test');
let upstream, respond, edge;

before(async () => {
  upstream = await playUpstream((request, response) => respond(request, response));
  edge = await startEdge({ policy: policyFor(upstream.origin, { upstream_timeout_ms: 300 }), seeds: [key] });
});
after(() => stopAll(edge, upstream));

/** What the log says of a request, in order. */
const logged = (id) => edge.lines.all.filter((line) => line.includes(id)).map((line) => JSON.parse(line).code);

describe('unreachable: upstream-unreachable', () => {
  test('nothing listens', async (t) => {
    const closed = await startEdge({ policy: policyFor(await refusingOrigin()), seeds: [key] });
    t.after(() => closed.stop());
    assertRefused(await closed.sendAs(key, { target: '/a' }), 'upstream-unreachable', { instance: '/a' });
    assertRefused(
      await closed.sendAs(key, { method: 'POST', target: '/a', body: 'x'.repeat(100_000) }),
      'upstream-unreachable',
    );
  });
  const breaks = {
    'reset before the headers': (request) => request.socket.resetAndDestroy(),
    'closed before the headers': (request) => request.socket.destroy(),
    'an answer that is no HTTP': (request) => request.socket.end('nonsense\r\n\r\n'),
    'half a header': (request) => request.socket.end('HTTP/1.1 200 OK\r\nContent-Ty'),
  };
  for (const [name, how] of Object.entries(breaks)) {
    test(name, async () => {
      respond = how;
      assertRefused(await edge.sendAs(key), 'upstream-unreachable');
      respond = (request) => request.once('data', () => how(request));
      assertRefused(await edge.sendAs(key, { method: 'POST', body: 'x' }), 'upstream-unreachable');
    });
  }
});

describe('silent: upstream-timeout', () => {
  for (const method of ['GET', 'POST']) {
    test(`${method}, and the call to the upstream is ended`, async () => {
      let closed;
      respond = (request) => {
        closed = once(request.socket, 'close');
        request.resume();
      };
      const { request_id: id } = assertRefused(
        await edge.sendAs(key, { method, target: '/slow', body: method === 'POST' ? 'x' : '' }),
        'upstream-timeout',
        { instance: '/slow' },
      );
      await closed;
      // That it ended is no second failure: the log, which keeps the order, has one refusal for it.
      await edge.verdict((await edge.send()).header('keyguard-request-id'));
      const refusals = edge.lines.all.filter((line) => line.includes(id) && line.includes('"upstream-'));
      assert.equal(refusals.length, 1, refusals.join('\n'));
    });
  }
  test('answers at the limit: each request gets one, and the log says which', async () => {
    respond = (request, response) => {
      request.resume();
      setTimeout(() => response.end('in time'), 255 + Math.random() * 50);
    };
    const late = await Promise.all(Array.from({ length: 40 }, async () => {
      const answer = await edge.sendAs(key);
      if (answer.status !== 200) return assertRefused(answer, 'upstream-timeout').request_id;
      assert.equal(answer.text, 'in time');
      return undefined;
    }));
    await edge.verdict((await edge.send()).header('keyguard-request-id'));
    for (const id of late.filter(Boolean)) assert.deepEqual(logged(id), ['allowed', 'upstream-timeout']);
  });
  test('one that accepts and never reads', async (t) => {
    const mute = net.createServer(() => {}).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const sockets = [];
    mute.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
    const waiting = await startEdge({
      policy: policyFor(`http://127.0.0.1:${mute.address().port}`, { upstream_timeout_ms: 300 }),
      seeds: [key],
    });
    t.after(() => waiting.stop());
    assertRefused(await waiting.sendAs(key), 'upstream-timeout');
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});

describe('the time limit ends with the headers', () => {
  // Four times the limit: long enough for a limit on what follows to strike, and nothing is asserted of the clock.
  const longer = () => new Promise((resolve) => setTimeout(resolve, 1200));
  /** That it was late with anything is nowhere in the log, which keeps the order. */
  const assertAllowedOnce = async (id) => {
    await edge.verdict((await edge.send()).header('keyguard-request-id'));
    assert.deepEqual(logged(id), ['allowed']);
  };

  test('a slow body is not cut', async () => {
    let finish, id;
    respond = (request, response) => {
      id = request.headers['keyguard-request-id'];
      response.writeHead(200, { 'content-length': '6' });
      response.write('one');
      finish = () => response.end('two');
    };
    const response = await fetch(edge.origin, { headers: { authorization: `Bearer ${key.key}` } });
    const reader = response.body.getReader();
    assert.equal(Buffer.from((await reader.read()).value).toString(), 'one');
    await longer();
    finish();
    assert.equal(Buffer.from((await reader.read()).value).toString(), 'two');
    assert.ok((await reader.read()).done);
    await assertAllowedOnce(id);
  });

  test('nor is an upload that goes on', async () => {
    let id;
    respond = async (request, response) => {
      id = request.headers['keyguard-request-id'];
      response.writeHead(200);
      for await (const piece of request) response.write(piece);
      response.end();
    };
    const headers = { authorization: `Bearer ${key.key}` };
    const request = http.request(edge.origin, { method: 'POST', agent: false, headers });
    request.write('one');
    const [response] = await once(request, 'response');
    const body = text(response);
    await longer();
    request.end('two');
    assert.equal(await body, 'onetwo');
    await assertAllowedOnce(id);
  });
});

test('an answer cut in its body arrives cut, not as a whole one', async () => {
  respond = (request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('the beginning', () => request.socket.destroy());
  };
  const response = await fetch(edge.origin, { headers: { authorization: `Bearer ${key.key}` } });
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
});

test("faults are told apart from the upstream's own answers", async () => {
  for (const status of [400, 401, 403, 404, 429, 500, 502, 503, 504]) {
    respond = (request, response) =>
      response.writeHead(status, { 'content-type': 'text/plain', 'www-authenticate': 'Own' }).end('its own');
    const response = await edge.sendAs(key);
    assert.deepEqual([response.status, response.text, response.header('www-authenticate')], [status, 'its own', 'Own']);
  }
});

test('the next request works after each fault', async () => {
  const hang = () => {};
  const reset = (request) => request.socket.resetAndDestroy();
  for (const how of [hang, reset]) {
    respond = how;
    assert.ok((await edge.sendAs(key)).status >= 502);
    respond = (request, response) => response.end('fine');
    assert.equal((await edge.sendAs(key)).text, 'fine');
  }
});

test("a page can read an upstream's fault", async (t) => {
  const page = 'https://shop.example';
  const publishable = seed('publishable', 'test');
  const [readable] = await startEdges([
    {
      policy: policyFor(await refusingOrigin(), { routes: [{ method: 'GET', path: '/' }], cors: { origins: [page] } }),
      seeds: [publishable],
    },
  ]);
  t.after(() => readable.stop());
  const response = await readable.sendAs(publishable, { headers: [['Origin', page]] });
  assertRefused(response, 'upstream-unreachable');
  assert.equal(response.header('access-control-allow-origin'), page);
});
