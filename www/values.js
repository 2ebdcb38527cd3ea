// Reads JavaScript values, each once, into plain copies. Decides nothing: what is in a copy is for Rust to judge.

/** A text as UTF-8, and nothing for what is no primitive string. */
export const encode = (text) => (typeof text === 'string' ? new TextEncoder().encode(text) : undefined);

/** A member of an object itself: what somebody put on `Object.prototype` counts for nothing. */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

/** Options as they stand now: a URL as the runtime's own parser writes it, the others with their types. */
export function options(options) {
  const url = own(options, 'baseUrl');
  const told = (value) => typeof value + value;
  return {
    href: new URL(url instanceof URL ? url.href : url).href,
    mode: told(own(options, 'mode')),
    acceptForeignKeys: told(own(options, 'acceptForeignKeys')),
  };
}

/**
 * A `RequestInit` as it stands now. The copy has no prototype, so nothing can be read from it but what is
 * set here.
 */
export function snapshot(init = { __proto__: null }) {
  if (typeof init !== 'object') throw new TypeError('no object');
  const copy = {
    __proto__: null, method: 'GET', credentials: 'omit', redirect: 'error', mode: 'cors', referrer: 'about:client', referrerPolicy: 'strict-origin',
  };
  for (const name in copy) {
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

/** The members that are the guard's to set, one a line. */
export const pinned = ({ credentials, redirect, mode, referrer, referrerPolicy }) =>
  [credentials, redirect, mode, referrer, referrerPolicy].join('\n');

/** Names and values of headers in turn, one a line: neither can hold a line break. The method follows, since it is sent too. */
export const sent = ({ headers, method }) => [...headers, ['method', method]].flat().join('\n');

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
  return encode(body);
}

/** The message of what was thrown. */
export function quoted(cause) {
  try {
    return typeof cause === 'string' ? cause : cause.message;
  } catch {}
}
