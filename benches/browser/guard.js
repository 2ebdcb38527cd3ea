// What `guard.request` does, in plain JavaScript: the same copies, checks and pinned members, as somebody would write them by hand.

import { holdsKey, holdsSecretKey } from './secrets.js';

export class Refusal extends Error {}

export class PlainGuard {
  #base;
  #authorization;

  constructor(key, base) {
    this.#authorization = `Bearer ${key}`;
    this.#base = base;
  }

  request(path, init) {
    checkPath(path);
    const call = snapshot(init);
    const { headers, method } = call;
    if (/^(?:POST|PATCH)$/i.test(method) && call.idempotencyKey !== null && !headers.has('idempotency-key')) {
      headers.set('idempotency-key', crypto.randomUUID());
    }
    checkPinned(call);
    checkNumbers(call);
    checkHeaders(headers, method);
    checkBody(call);
    const asked = { __proto__: null, ...call, headers: new Headers(headers) };
    asked.headers.set('authorization', this.#authorization);
    const request = new Request(this.#base + path, asked);
    this.#verify(asked, request);
    return request;
  }

  /** Looks at what the browser made of it. */
  #verify(asked, request) {
    for (const name in PINNED) if (request[name] !== asked[name]) refuse('unverified');
    if (request.headers.get('authorization') !== this.#authorization) refuse('unverified');
    const { url } = request;
    if (!url.startsWith(`${this.#base}/`) || holdsSecretKey(url.slice(this.#base.length))) refuse('unverified');
  }
}

function refuse(why) {
  throw new Refusal(why);
}

function checkPath(path) {
  if (typeof path !== 'string' || holdsSecretKey(path)) refuse('path');
  if (!/^\/(?![/\\])/.test(path) || /[\\#\0- \x7f]/.test(path) || CLIMBS.test(path)) refuse('path');
}

const CLIMBS = /^[^?]*?(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:[;/?]|%2f|%5c|$)/i;

const PINNED = {
  credentials: ['omit'],
  redirect: ['error'],
  mode: ['cors', 'same-origin'],
  referrer: ['about:client', ''],
  referrerPolicy: ['strict-origin', 'origin', 'no-referrer'],
};

/** What the call asks for, copied: nothing of the caller's is read after this. */
function snapshot(init = { __proto__: null }) {
  if (typeof init !== 'object') refuse('init');
  const copy = { __proto__: null, method: string(init.method ?? 'GET') };
  for (const name in PINNED) copy[name] = string(init[name] ?? PINNED[name][0]);
  for (const name of ['signal', 'cache', 'keepalive', 'integrity', 'priority']) {
    const value = init[name];
    if (value !== undefined) copy[name] = value;
  }
  for (const name of ['retries', 'timeout', 'idempotencyKey', 'allowStream', 'json']) {
    if (Object.hasOwn(init, name)) copy[name] = init[name];
  }
  copy.headers = new Headers(init.headers);
  if (copy.idempotencyKey != null) copy.headers.set('idempotency-key', string(copy.idempotencyKey));
  copy.body = bodyCopy(init.body ?? null);
  if (copy.body instanceof ReadableStream) copy.duplex = 'half';
  if (copy.json !== undefined) {
    if (copy.body !== null) refuse('json or body');
    copy.body = string(JSON.stringify(copy.json));
    if (!copy.headers.has('content-type')) copy.headers.set('content-type', 'application/json');
  }
  return copy;
}

function string(value) {
  if (typeof value !== 'string') refuse('no string');
  return value;
}

function bodyCopy(body) {
  if (body === null || typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body).slice();
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  if (body instanceof FormData) {
    const copy = new FormData();
    for (const [name, value] of body) copy.append(name, value);
    return copy;
  }
  return body;
}

function checkPinned(call) {
  for (const name in PINNED) if (!PINNED[name].includes(call[name])) refuse('pinned');
}

function checkNumbers({ retries = 2, timeout = 30_000 }) {
  if (!(retries >= 0 && retries <= 10)) refuse('retries');
  if (!(timeout >= 0 && timeout <= 2_147_483_647)) refuse('timeout');
}

function checkHeaders(headers, method) {
  if (holdsKey(method)) refuse('header');
  for (const [name, value] of headers) {
    if (name === 'authorization' || holdsKey(value) || holdsKey(name)) refuse('header');
    // As the bytes that are sent, too, which a server may read as UTF-8.
    if (/[\x80-\xff]/.test(value) && holdsKey(escape(value))) refuse('header');
    if (name === 'idempotency-key' && !/^[!-~]{1,255}$/.test(value)) refuse('header');
  }
}

function checkBody({ body, allowStream }) {
  if (body === null || (allowStream === true && body instanceof ReadableStream)) return;
  if (holdsSecretKey(text(body))) refuse('body');
}

function text(body) {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  if (body instanceof URLSearchParams) return body.toString();
  const entries = body instanceof FormData ? [...body].flat() : [undefined];
  return entries.every((value) => typeof value === 'string') ? entries.join('|') : refuse('body');
}
