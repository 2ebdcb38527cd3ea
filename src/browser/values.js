// Reads JavaScript values, each once, into plain copies. Decides nothing: what is in a copy is for Rust to judge.

/** A member of an object itself: what somebody put on `Object.prototype` counts for nothing. */
export const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

/** A URL as the runtime's own parser writes it. */
export const href = (url) => new URL(url instanceof URL ? url.href : url).href;

/**
 * A `RequestInit` as it stands now. The copy has no prototype, so nothing can be read from it but what is
 * set here.
 */
export function snapshot(init = { __proto__: null }) {
  const copy = { __proto__: null };
  for (const name of TEXTS) {
    const value = init[name];
    if (value !== undefined) {
      if (typeof value !== 'string') throw new TypeError(name + ' must be a string');
      copy[name] = value;
    }
  }
  for (const name of ['signal', 'cache', 'keepalive', 'integrity', 'priority']) {
    const value = init[name];
    if (value !== undefined) copy[name] = value;
  }
  copy.headers = new Headers(init.headers);
  // Set where there is none, too: some runtimes would go on to read it from `Object.prototype`.
  copy.body = bodyCopy(init.body ?? null);
  return copy;
}

const TEXTS = ['method', 'credentials', 'redirect', 'mode', 'referrer', 'referrerPolicy'];

function bodyCopy(body) {
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

export const text = (object, name) => object[name];

export const set = (copy, name, value) => {
  copy[name] = value;
};

/** Names and values in turn, one a line: neither can hold a line break. */
export const headers = (copy) => [...copy.headers].flat().join('\n');

/** What the body of a copy holds, or nothing if that can't be read on the spot. */
export function body({ body }) {
  if (body === null) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  if (body instanceof FormData) {
    const entries = [...body].flat();
    body = entries.every((value) => typeof value === 'string') ? entries.join('|') : undefined;
  } else if (body instanceof URLSearchParams) {
    body = body.toString();
  }
  if (typeof body === 'string') return new TextEncoder().encode(body);
}

export function build(url, copy, authorization) {
  copy.headers.set('authorization', authorization);
  return new Request(url, copy);
}

export const header = (request, name) => request.headers.get(name) ?? undefined;
