// Nothing is buffered in either direction, and an end on one side is an end on the other.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocket } from 'ws';

import { now, playUpstream, policyFor, seed, startEdge, startUpstream, stopAll, values } from './harness.mjs';

const MEBIBYTE = 1024 * 1024;
const PAYLOAD = 100 * MEBIBYTE;
const key = seed('secret', 'test');
const publishable = seed('publishable', 'test');
const retiring = seed('secret', 'test', { rotated_at: 1_760_000_000, expires_at: now() + 3600 });
const PAGE = 'https://shop.example';
const bearer = { authorization: `Bearer ${key.key}` };

let demo, played, respond, large, edge;

before(async () => {
  demo = await startUpstream();
  played = await playUpstream((request, response) => respond(request, response));
  large = await startEdge({
    policy: policyFor(demo.origin, { routes: [{ method: 'GET', path: '/ws' }], cors: { origins: [PAGE] } }),
    seeds: [key, publishable, retiring],
  });
  edge = await startEdge({ policy: policyFor(played.origin), seeds: [key] });
});
after(() => stopAll(edge, large, played, demo));

const TASKS = '/proc/self/task';

describe('100 MiB pass with flat memory', { skip: existsSync(TASKS) ? false : 'this system has no /proc' }, () => {
  // Buffering would cost the payload itself; buffers along the way, and what the allocator keeps, cost a part of it.
  const ALLOWED = PAYLOAD / 2;
  /** A small transfer first, so that what a first one costs once is not counted. */
  async function growth(transfer) {
    await transfer(4 * MEBIBYTE);
    const [start, peak] = [residentBytes(), watchResidentBytes()];
    await transfer(PAYLOAD);
    return peak() - start;
  }

  test('upwards', async () => {
    const grown = await growth(async (size) => {
      const request = http.request(`${large.origin}/upload`, {
        method: 'POST',
        agent: false,
        headers: { ...bearer, 'content-length': size },
      });
      const sent = createHash('sha256');
      const answered = once(request, 'response');
      await pipeline(Readable.from(pieces(size, sent)), request);
      const [response] = await answered;
      assert.deepEqual(await json(response), { bytes: size, sha256: sent.digest('hex') });
    });
    assert.ok(grown < ALLOWED, `grew by ${grown / MEBIBYTE} MiB`);
  });

  test('upwards in chunks of no announced length', async () => {
    const grown = await growth(async (size) => {
      const request = http.request(`${large.origin}/upload`, { method: 'POST', agent: false, headers: bearer });
      const answered = once(request, 'response');
      await pipeline(Readable.from(pieces(size)), request);
      const [response] = await answered;
      assert.equal((await json(response)).bytes, size);
    });
    assert.ok(grown < ALLOWED, `grew by ${grown / MEBIBYTE} MiB`);
  });

  test('downwards', async () => {
    const grown = await growth(async (size) => {
      const [response] = await once(
        http.get(`${large.origin}/stream?bytes=${size}`, { agent: false, headers: bearer }),
        'response',
      );
      let received = 0;
      for await (const part of response) received += part.length;
      assert.equal(received, size);
    });
    assert.ok(grown < ALLOWED, `grew by ${grown / MEBIBYTE} MiB`);
  });
});

describe('each piece arrives before the next is sent', () => {
  test('events of a text/event-stream', async () => {
    let send;
    respond = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send = (text) => response.write(text);
      send('data: 1\n\n');
    };
    const [response] = await once(http.get(edge.origin, { agent: false, headers: bearer }), 'response');
    assert.equal(response.headers['content-type'], 'text/event-stream');
    for (let event = 1; event <= 5; event += 1) {
      const [part] = await once(response, 'data');
      assert.equal(String(part), `data: ${event}\n\n`);
      // Only now that this one has come does the upstream make the next.
      send(`data: ${event + 1}\n\n`);
    }
    response.destroy();
  });

  test('parts of an upload', async () => {
    let part;
    const came = () =>
      new Promise((resolve) => {
        part = resolve;
      });
    respond = async (request, response) => {
      for await (const piece of request) part(String(piece));
      response.end('all of it');
    };
    const request = http.request(edge.origin, { method: 'POST', agent: false, headers: bearer });
    for (const text of ['one', 'two', 'three']) {
      const coming = came();
      request.write(text);
      assert.equal(await coming, text);
    }
    request.end();
    const [response] = await once(request, 'response');
    assert.equal(await textOf(response), 'all of it');
  });

  test('an answer that begins before the request has ended', async () => {
    respond = async (request, response) => {
      response.writeHead(200);
      for await (const piece of request) response.write(piece);
      response.end();
    };
    const request = http.request(edge.origin, { method: 'POST', agent: false, headers: bearer });
    request.write('ping');
    const [response] = await once(request, 'response');
    assert.equal(String((await once(response, 'data'))[0]), 'ping');
    request.write('pong');
    assert.equal(String((await once(response, 'data'))[0]), 'pong');
    request.end();
    response.resume();
    await once(response, 'end');
  });
});

describe('WebSocket', () => {
  const connect = (through, as, path = '/ws', protocols = [], headers = {}) =>
    new WebSocket(`${through.origin.replace('http', 'ws')}${path}`, protocols, {
      headers: { authorization: `Bearer ${as.key}`, ...headers },
    });

  for (const as of [key, publishable]) {
    test(`an upgrade with a ${as.record.kind} key echoes text and bytes`, async () => {
      await demo.clear();
      const socket = connect(large, as);
      await once(socket, 'open');
      socket.send('hello');
      assert.equal(String((await once(socket, 'message'))[0]), 'hello');
      const bytes = Buffer.from([0, 1, 254, 255]);
      socket.send(bytes);
      const [echoed, isBinary] = await once(socket, 'message');
      assert.ok(isBinary && echoed.equals(bytes));
      socket.send('x'.repeat(200_000));
      assert.equal((await once(socket, 'message'))[0].length, 200_000);
      socket.close(1000);
      await once(socket, 'close');
      const [{ headers }] = await demo.received();
      assert.deepEqual(values(headers, 'authorization'), []);
      assert.deepEqual(values(headers, 'keyguard-key-id'), [as.record.id]);
    });
  }

  for (const [what, as, headers] of [
    ['from a page that the policy lists', publishable, { origin: PAGE }],
    ['with a key that is being rotated', retiring, {}],
  ]) {
    test(`an upgrade ${what} loses nothing to the headers that other answers get`, async () => {
      const socket = connect(large, as, '/ws', [], headers);
      await once(socket, 'open');
      socket.send('hello');
      assert.equal(String((await once(socket, 'message'))[0]), 'hello');
      socket.close(1000);
      await once(socket, 'close');
    });
  }

  test('the subprotocol is agreed with the upstream', async () => {
    const socket = connect(large, key, '/ws', ['one', 'two']);
    await once(socket, 'open');
    assert.equal(socket.protocol, 'one');
    socket.close();
    await once(socket, 'close');
  });

  test('an upgrade that is refused opens nothing', async () => {
    await demo.clear();
    for (const [as, path, status] of [
      [{ key: 'nonsense' }, '/ws', 400],
      [publishable, '/other', 403],
    ]) {
      const socket = connect(large, as, path);
      const [, response] = await once(socket, 'unexpected-response');
      assert.equal(response.statusCode, status);
      socket.on('error', () => {});
      socket.terminate();
    }
    assert.deepEqual(await demo.received(), []);
  });

  test("an upstream that doesn't upgrade answers for itself", async () => {
    const socket = connect(large, key, '/echo');
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, 426);
    socket.on('error', () => {});
    socket.terminate();
  });
});

describe('a client that goes away ends the upstream call', () => {
  test('while the response streams', async () => {
    const closed = new Promise((resolve) => {
      respond = (_, response) => {
        const timer = setInterval(() => response.write('more'), 20);
        response.on('close', () => {
          clearInterval(timer);
          resolve();
        });
      };
    });
    const request = http.get(edge.origin, { agent: false, headers: bearer });
    const [response] = await once(request, 'response');
    await once(response, 'data');
    request.destroy();
    await closed;
  });

  test('before the response begins', async () => {
    const called = new Promise((resolve) => {
      respond = (request) => resolve({ closed: once(request.socket, 'close') });
    });
    const socket = net.connect(edge.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key.key}\r\n\r\n`);
    const { closed } = await called;
    socket.resetAndDestroy();
    await closed;
  });

  test('in the middle of its upload', async () => {
    let arrived;
    const began = new Promise((resolve) => {
      arrived = resolve;
    });
    const closed = new Promise((resolve) => {
      respond = (request) =>
        request
          .on('data', arrived)
          .on('error', () => {})
          .on('close', resolve);
    });
    const socket = net.connect(edge.port, '127.0.0.1');
    socket.write(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key.key}\r\nContent-Length: 1000\r\n\r\npart`,
    );
    await began;
    socket.destroy();
    await closed;
  });

  test('and the next request works', async () => {
    respond = (_, response) => response.end('fine');
    assert.equal((await edge.sendAs(key)).text, 'fine');
  });
});

function* pieces(size, digest) {
  const piece = Buffer.alloc(256 * 1024, 'keyguard');
  for (let left = size; left > 0; left -= piece.length) {
    const one = left >= piece.length ? piece : piece.subarray(0, left);
    digest?.update(one);
    yield one;
  }
}

async function textOf(response) {
  const parts = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString();
}

const json = async (response) => JSON.parse(await textOf(response));

/** The memory of all runtimes that this process has started. */
function residentBytes() {
  let sum = 0;
  for (const pid of children()) {
    if (!/workerd/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) continue;
    sum += 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  }
  assert.ok(sum > 0, 'no runtime is found');
  return sum;
}

function children() {
  const tasks = readdirSync(TASKS);
  return tasks.flatMap((task) => readFileSync(`${TASKS}/${task}/children`, 'utf8').split(' ').filter(Boolean));
}

/** Looks at the memory many times a second until it is asked for the most it saw. */
function watchResidentBytes() {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, residentBytes());
  };
  const timer = setInterval(look, 25);
  return () => {
    clearInterval(timer);
    look();
    return peak;
  };
}
