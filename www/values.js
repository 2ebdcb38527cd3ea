// Reads JavaScript values, each once, into plain copies. Decides nothing: what is in a copy is for Rust to judge.

import { encode } from './rules.js';

/** A member of an object itself: what somebody put on `Object.prototype` counts for nothing. */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

/** A number; not a number for what is none, and what holds otherwise for what is not there. */
export const number = (value, otherwise) => (value === undefined ? otherwise : typeof value === 'number' ? value : NaN);

/** Options as they stand now: a URL as the runtime's own parser writes it, words as places among those that they may be. */
export function options(options) {
  const url = own(options, 'baseUrl');
  const choice = (name, ...values) => [undefined, ...values].indexOf(own(options, name));
  const onEvent = own(options, 'onEvent');
  return {
    base: new URL(url instanceof URL ? url.href : url).href,
    mode: choice('mode', 'test', 'live'),
    foreign: choice('acceptForeignKeys', true, false),
    environment: choice('environment', 'warn', 'refuse', 'ignore'),
    retries: number(own(options, 'retries'), 2),
    timeout: number(own(options, 'timeout'), 30_000),
    onEvent,
    listener: ['undefined', 'function'].indexOf(typeof onEvent),
  };
}

/**
 * A `RequestInit` and what the guard adds to it, as they stand now. The copy has no prototype, so nothing can be read
 * from it but what is set here. The guard's own members count only on the object itself.
 */
export function snapshot(init = { __proto__: null }) {
  if (typeof init !== 'object') throw new TypeError('no object');
  const copy = new Copy();
  for (const name in copy) {
    const value = init[name];
    if (value !== undefined) copy[name] = string(value, name);
  }
  for (const name of ['signal', 'cache', 'keepalive', 'integrity', 'priority']) {
    const value = init[name];
    if (value !== undefined) copy[name] = value;
  }
  for (const name of ['retries', 'timeout', 'idempotencyKey', 'allowStream']) copy[name] = own(init, name);
  copy.headers = new Headers(init.headers);
  if (copy.idempotencyKey != null) copy.headers.set('idempotency-key', string(copy.idempotencyKey, 'idempotencyKey'));
  let body = init.body ?? null;
  let type = 'text/plain;charset=UTF-8';
  const json = own(init, 'json');
  if (json !== undefined) {
    if (body !== null) throw new TypeError('json or body, not both');
    body = string(JSON.stringify(json), 'json');
    type = 'application/json';
  }
  // Set where there is none, too: some runtimes would go on to read it from `Object.prototype`.
  copy.body = bodyCopy(body);
  if (typeof body === 'string' && !copy.headers.has('content-type')) copy.headers.set('content-type', type);
  if (isStream(body)) {
    // Read once, sent once.
    copy.retries = 0;
    copy.duplex = 'half';
  }
  return copy;
}

/** What a copy starts with. Its prototype has none and stays empty. */
function Copy() {
  this.method = 'GET';
  this.credentials = 'omit';
  this.redirect = 'error';
  this.mode = 'cors';
  this.referrer = 'about:client';
  this.referrerPolicy = 'strict-origin';
}
Copy.prototype = /* @__PURE__ */ Object.freeze({ __proto__: null });

function string(value, name) {
  if (typeof value !== 'string') throw new TypeError(name + ' must be a string');
  return value;
}

const isStream = (body) => body instanceof ReadableStream;

/** A text is what is sent of it, which takes less time to check and send than a text. */
function bodyCopy(body) {
  if (typeof body === 'string') return encode(body);
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body).slice();
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  }
  if (body instanceof FormData) {
    const copy = new FormData();
    for (const [name, value] of body) copy.append(name, value);
    return copy;
  }
  return body;
}

/** The members that are the guard's to set, one a line. */
export const pinned = ({ credentials, redirect, mode, referrer, referrerPolicy }) =>
  [credentials, redirect, mode, referrer, referrerPolicy].join('\n');

/** What is sent ahead of the body, line by line: the pinned members; names and values of headers in turn; the method, which is sent too. */
export function sent({ headers, method, credentials, redirect, mode, referrer, referrerPolicy }) {
  const lines = [...headers].flat();
  // Made as one: what is pushed goes by way of an index that the page may have given Object.prototype, and shows something else.
  // Once more as the bytes that are sent, one for each character (Fetch, "isomorphic encode"), which a server may read as UTF-8.
  return [credentials, redirect, mode, referrer, referrerPolicy, ...lines, 'sent', escape(lines), 'method', method];
}

/** What the body of a copy holds: nothing if that can't be read on the spot. */
export function body({ body, allowStream }) {
  if (allowStream === true && isStream(body)) return new Uint8Array();
  // What only says that it is an array would be read by its own words, and once more by the request.
  if (ArrayBuffer.isView(body)) return body;
  if (body instanceof FormData) {
    const entries = [...body].flat();
    body = entries.every((value) => typeof value === 'string') ? entries.join('|') : undefined;
  } else if (body instanceof URLSearchParams) {
    body = body.toString();
  }
  return encode(body);
}

/** What may quote a value in what was thrown: its message, and what Node's URL parser calls its input. */
export function quoted(cause) {
  try {
    return typeof cause === 'string' ? cause : cause.message + '\n' + cause.input;
  } catch {}
}

/** What nothing else is called: a UUID (RFC 9562), also where a page is no secure context and has no `randomUUID`. */
export const name = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Asked for once: it takes longer than all else here.
  const random = crypto.getRandomValues(new Uint8Array(36));
  return '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit, at) => (digit ^ (random[at] & (15 >> (digit / 4)))).toString(16));
};
