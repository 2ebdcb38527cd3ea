// HTTP/1.1 by hand. Every other client tidies what it sends, and what is tested here is what isn't tidy.

import net from 'node:net';

/** What was received in this process, head and body, for the search for secret keys. */
export const transcript = [];

/** A response as it came over the wire. */
export class Received {
  constructor(status, statusText, headers, body) {
    Object.assign(this, { status, statusText, headers, body });
  }

  /** Every value of a header, in the order in which they came. */
  all(name) {
    return this.headers.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  }

  /** The one value of a header; `undefined` without it, an error when it is there twice. */
  header(name) {
    const values = this.all(name);
    if (values.length > 1) throw new Error(`${name} is there ${values.length} times`);
    return values[0];
  }

  get text() {
    return this.body.toString('utf8');
  }

  get json() {
    return JSON.parse(this.text);
  }
}

/**
 * Sends one request and reads one response. `headers` is a list of pairs and goes out as it is; `Host` and
 * `Connection: close` are added unless there is one. Text is written as Latin-1: `\xe9` is the byte E9.
 */
export function send(port, { method = 'GET', target = '/', headers = [], body = '', host = `127.0.0.1:${port}` } = {}) {
  const has = (name) => headers.some(([one]) => one.toLowerCase() === name);
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!has('host')) lines.push(`Host: ${host}`);
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (!has('connection')) lines.push('Connection: close');
  if (body.length > 0 && !has('transfer-encoding')) lines.push(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`);
  return sendBytes(port, `${lines.join('\r\n')}\r\n\r\n${body}`, { head: method === 'HEAD' });
}

/** How long anything may take before a test gives up on it. No test is about time. */
const PATIENCE = 30_000;

/** What a promise gives, or an error when it doesn't come. */
export async function within(promise, what) {
  const { promise: late, reject } = Promise.withResolvers();
  const timer = setTimeout(() => reject(new Error(`${what} didn't come`)), PATIENCE);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sends bytes as they are, with `isAll` the last ones, and reads one response; `undefined` when the connection ends without one. */
export async function sendBytes(port, bytes, options) {
  const send = options?.isAll ? 'end' : 'write';
  const socket = net.connect(port, '127.0.0.1', () => socket[send](bytes, 'latin1'));
  try {
    return await within(receive(socket, options), 'a response');
  } finally {
    socket.destroy();
  }
}

function receive(socket, { head = false } = {}) {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const look = (ended) => {
      try {
        const response = parse(received, { head, ended });
        if (!response && !ended) return;
        transcript.push(received.toString('latin1'));
        if (response) transcript.push(response.text);
        resolve(response);
      } catch (error) {
        reject(error);
      }
    };
    socket.on('data', (part) => {
      received = Buffer.concat([received, part]);
      look(false);
    });
    socket.on('end', () => look(true));
    socket.on('error', (error) => (error.code === 'ECONNRESET' ? look(true) : reject(error)));
  });
}

/** The first final response in `bytes`, or `undefined` until all of it is there. */
function parse(bytes, { head, ended }) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const rest = bytes.subarray(end + 4);
  const [, status, statusText] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(first);
  if (status.startsWith('1') && status !== '101') return parse(rest, { head, ended });
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const response = new Received(Number(status), statusText, headers, rest);
  if (head || ['101', '204', '304'].includes(status)) return response;
  const length = response.header('content-length');
  if (response.header('transfer-encoding') === 'chunked') response.body = unchunked(rest);
  else if (length !== undefined)
    response.body = rest.length >= Number(length) ? rest.subarray(0, Number(length)) : undefined;
  else if (!ended) return undefined;
  return response.body && response;
}

/** The body inside the chunked coding, or `undefined` until its last chunk is there. */
function unchunked(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    const end = line + 2 + size;
    if (bytes.length < end + 2) return undefined;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}
