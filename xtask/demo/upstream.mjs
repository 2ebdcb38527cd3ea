// The API behind the edge, for a developer's machine and for the tests: a payment API of one endpoint (payments.mjs),
// and a set of paths that make a server's every behaviour reachable. It trusts what the edge tells it
// (`Keyguard-*`), checks no key, and depends on Node alone.
//
//   node upstream.mjs [--port N] [--host H] [--quiet]     port 0 takes any free one

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { paymentSession } from './payments.mjs';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '8788' },
    host: { type: 'string', default: '127.0.0.1' },
    quiet: { type: 'boolean', default: false },
  },
});

const LOG_LIMIT = 1000;
const PROBLEM = 'application/problem+json';
/** What was received, oldest first: tests prove by it that a refused request never came here. */
const log = [];

const server = createServer((request, response) => {
  respond(request, response).catch((error) => {
    if (response.headersSent) response.destroy();
    else send(response, 500, { title: 'The demo upstream failed', status: 500, detail: String(error) }, { 'content-type': PROBLEM });
  });
});

async function respond(request, response) {
  // Split by hand: `new URL` would tidy the target, and what is of interest is what came.
  const [path, query = ''] = splitOnce(request.url, '?');
  const parameters = new URLSearchParams(query);
  if (path === '/__log') return handleLog(request, response);
  const entry = record(request);
  response.on('close', () => {
    // A caller that gives up must be seen here too.
    entry.aborted = !response.writableFinished;
    entry.status = response.headersSent ? response.statusCode : null;
    say(`${request.method} ${request.url} ${entry.status ?? '-'}${entry.aborted ? ' (cut off)' : ''}`);
  });

  if (path === '/collect/payment_sessions') {
    const { status: code, headers, document } = await paymentSession(request);
    return send(response, code, document, headers);
  }
  if (path.startsWith('/status/')) return status(response, path.slice('/status/'.length), parameters);
  const handler = Object.hasOwn(HANDLERS, path) ? HANDLERS[path] : undefined;
  if (!handler) return send(response, 404, { title: 'No such resource', status: 404, detail: path }, { 'content-type': PROBLEM });
  return handler(request, response, parameters);
}

// --- For the tests ---------------------------------------------------------------------------------

const HANDLERS = {
  '/': (request, response) => send(response, 200, { name: 'keyguard demo upstream' }),

  /** Says back what came. */
  '/echo': async (request, response) => {
    const body = await digestOf(request);
    await send(response, 200, {
      method: request.method,
      url: request.url,
      httpVersion: request.httpVersion,
      rawHeaders: request.rawHeaders,
      body,
    });
  },

  /** Counts a body of any size without keeping it. */
  '/upload': async (request, response) => send(response, 200, await digestOf(request)),

  /** Sends `bytes` bytes, as fast as they are taken, or with `ms` between pieces of `chunk`. */
  '/stream': async (request, response, parameters) => {
    const total = number(parameters, 'bytes', 1024);
    const chunk = Math.max(1, number(parameters, 'chunk', 64 * 1024));
    const pause = number(parameters, 'ms', 0);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    await pipeline(pieces(total, chunk, pause), response);
  },

  /** `count` events, `ms` apart. */
  '/sse': async (request, response, parameters) => {
    const count = number(parameters, 'count', 3);
    const pause = number(parameters, 'ms', 200);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    for (let index = 0; index < count && !response.destroyed; index += 1) {
      if (index > 0) await sleep(pause);
      response.write(`id: ${index}\nevent: tick\ndata: {"index":${index},"sent":${Date.now()}}\n\n`);
    }
    response.end();
  },

  '/redirect': (request, response, parameters) => {
    response.writeHead(number(parameters, 'status', 302), { location: parameters.get('to') ?? '/echo' });
    response.end();
  },

  '/cookies': (request, response) => {
    response.writeHead(200, [
      ['content-type', 'text/plain'],
      ['set-cookie', 'first=1; Path=/; HttpOnly'],
      ['set-cookie', 'second=2; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT'],
    ].flat());
    response.end('two cookies');
  },

  '/gzip': (request, response) => encoded(response, 'gzip', gzipSync),
  '/br': (request, response) => encoded(response, 'br', brotliCompressSync),

  /** A status text, headers in odd spellings and repeated ones. */
  '/headers': (request, response) => {
    response.writeHead(200, 'Quite Fine', [
      ['Content-Type', 'text/plain'],
      ['X-Twice', 'one'],
      ['X-Twice', 'two'],
      ['ETag', '"abc"'],
      ['Link', '</a>; rel=preload'],
      ['Link', '</b>; rel=preload'],
      ['Access-Control-Allow-Origin', 'https://upstream.example'],
    ].flat());
    response.end('headers');
  },

  /** Takes the request and never answers. */
  '/hang': () => {},
  /** Cuts the connection without an answer. */
  '/reset': (request) => request.socket.destroy(),
  /** Cuts the connection in the middle of a body. */
  '/cut': (request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
    response.write('the beginning', () => request.socket.destroy());
  },
  '/slow': async (request, response, parameters) => {
    await sleep(number(parameters, 'ms', 500));
    await send(response, 200, { slow: true });
  },
};

function status(response, code, parameters) {
  const value = /^[2-9][0-9]{2}$/.test(code) ? Number(code) : 404;
  response.statusCode = value;
  if (parameters.has('text')) response.statusMessage = parameters.get('text');
  if (value === 204 || value === 205 || value === 304) return response.end();
  return send(response, value, { status: value });
}

async function digestOf(request) {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    digest.update(part);
  }
  return { bytes, sha256: digest.digest('hex') };
}

async function* pieces(total, size, pause) {
  const full = Buffer.alloc(size, 'keyguard');
  for (let left = total; left > 0; left -= size) {
    if (pause > 0 && left !== total) await sleep(pause);
    yield left >= size ? full : full.subarray(0, left);
  }
}

function encoded(response, name, compress) {
  const body = compress(Buffer.from('the text inside the encoding\n'.repeat(20)));
  response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': name, 'content-length': body.length });
  response.end(body);
}

function handleLog(request, response) {
  if (request.method === 'DELETE') {
    request.resume();
    log.length = 0;
    response.writeHead(204);
    return response.end();
  }
  return send(response, 200, log);
}

function record(request) {
  const entry = {
    method: request.method,
    url: request.url,
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    received_at: Date.now(),
    status: null,
    aborted: false,
  };
  log.push(entry);
  if (log.length > LOG_LIMIT) log.shift();
  return entry;
}

// --- WebSocket: echoes text and binary messages, RFC 6455 as far as a test client goes ---------------

server.on('upgrade', (request, socket, head) => {
  const entry = record(request);
  socket.on('error', () => socket.destroy());
  const key = request.headers['sec-websocket-key'];
  const [path] = splitOnce(request.url, '?');
  if (path !== '/ws' || !key || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    socket.end('HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const protocol = request.headers['sec-websocket-protocol']?.split(',')[0].trim();
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''}\r\n`,
  );
  entry.status = 101;
  say(`${request.method} ${request.url} 101`);
  echoFrames(socket, head);
});

const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const MESSAGE_LIMIT = 16 * 1024 * 1024;

function echoFrames(socket, head) {
  let pending = head;
  let message = [];
  let messageOpcode = 0;
  const step = () => {
    for (let frame = readFrame(pending); frame; frame = readFrame(pending)) {
      if (frame.length > MESSAGE_LIMIT) return socket.destroy();
      pending = pending.subarray(frame.end);
      if (frame.opcode === CLOSE) return socket.end(writeFrame(CLOSE, frame.payload));
      if (frame.opcode === PING) {
        socket.write(writeFrame(PONG, frame.payload));
      } else if (frame.opcode < CLOSE) {
        if (frame.opcode !== 0) messageOpcode = frame.opcode;
        message.push(frame.payload);
        if (frame.final) {
          socket.write(writeFrame(messageOpcode, Buffer.concat(message)));
          message = [];
        }
      }
    }
  };
  socket.on('data', (part) => {
    pending = Buffer.concat([pending, part]);
    step();
  });
  step();
}

/** The first frame of `bytes`, unmasked, or `undefined` until all of it is there. */
function readFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let length = bytes[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  const masked = (bytes[1] & 0x80) !== 0;
  const mask = masked ? bytes.subarray(at, at + 4) : undefined;
  if (masked) at += 4;
  const end = at + length;
  if (bytes.length < end) return undefined;
  const payload = Buffer.from(bytes.subarray(at, end));
  if (mask) for (let index = 0; index < payload.length; index += 1) payload[index] ^= mask[index % 4];
  return { final: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 0x0f, payload, length, end };
}

function writeFrame(opcode, payload) {
  const length = payload.length;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = 0x80 | opcode;
  if (length < 126) header[1] = length;
  else if (length < 65_536) {
    header[1] = 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, payload]);
}

// --- Small things ----------------------------------------------------------------------------------

function send(response, code, body, headers = {}) {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  return new Promise((resolve) => {
    response.end(`${JSON.stringify(body)}\n`, resolve);
  });
}

function number(parameters, name, otherwise) {
  const value = Number(parameters.get(name) ?? otherwise);
  return Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function say(line) {
  if (!options.quiet) console.log(line);
}

const port = Number(options.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port: ${options.port} is no port`);
  process.exit(2);
}
// Large and slow bodies are what this server is for.
server.requestTimeout = 0;
server.on('error', (error) => {
  console.error(`cannot listen on ${options.host}:${options.port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, options.host, () => console.log(`listening on ${server.address().port}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
    // Upgraded sockets are no longer the server's to close.
    setTimeout(() => process.exit(0), 200).unref();
  });
}
