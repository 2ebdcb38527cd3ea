// What the package promises, as cases that run both in Node and in a browser: each is a function that throws when
// the promise is broken.

import { KeyGuard, KeyGuardError } from 'keyguard';

const PUBLISHABLE = 'pk_WeHsNn87r4gtNc5BQT9Mj';
const TEST = 'pk_test_0aZ9bY8cX7dW6eV5fU4gT3hS2i2CpBbi';
const BODY = 'vYZCAeHawUqDCmVpEKh2U';
const SECRET = `sk_${BODY}`;
const BASE = 'https://api.example/v1';

const load = (options) => KeyGuard.load(PUBLISHABLE, { baseUrl: BASE, ...options });

function equal(actual, expected, what = '') {
  if (!Object.is(actual, expected)) throw new Error(`${what}: ${String(actual)} is not ${String(expected)}`);
}

/** Runs to a refusal with this code, that gives nothing of a key away. */
async function refused(code, action, what = '') {
  let result;
  try {
    result = await action();
  } catch (error) {
    if (!(error instanceof KeyGuardError)) throw new Error(`${what}: ${error}`, { cause: error });
    equal(error instanceof Error, true);
    equal(error.name, 'KeyGuardError');
    equal(error.code, code, what);
    for (let shown = error; shown instanceof Error; shown = shown.cause) {
      for (const text of [shown.message, shown.stack, String(shown)]) equal(text.includes(BODY.slice(0, 8)), false, 'leak');
    }
    return error;
  }
  throw new Error(`${what}: not refused: ${String(result)}`);
}

/** What a finished request would send. */
async function sent(request) {
  return { ...Object.fromEntries(request.headers), body: await request.clone().text() };
}

/** Runs with something changed in the realm, and puts it back. */
async function meanwhile(object, name, value, action) {
  const before = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: true });
  try {
    return await action();
  } finally {
    if (before) Object.defineProperty(object, name, before);
    else delete object[name];
  }
}

/** Counts how often each member is read. */
function counted(target, reads) {
  return new Proxy(target, {
    get(target, name) {
      reads[name] = (reads[name] ?? 0) + 1;
      return target[name];
    },
  });
}

export const cases = {
  async 'a publishable key is loaded, and told by its mode'() {
    equal((await load()).mode, 'live');
    equal((await KeyGuard.load(TEST, { baseUrl: BASE, mode: 'test' })).mode, 'test');
    equal((await KeyGuard.load(TEST, { baseUrl: new URL(BASE) })).mode, 'test');
  },

  async 'a secret key is refused in any spelling, before anything else is looked at'() {
    for (const text of [
      SECRET, `sk_test_${BODY}`, SECRET.toUpperCase(), ` ${SECRET}\n`, `"${SECRET}"`, `‘${SECRET}’`, `Bearer ${SECRET}`,
      `s\u200bk_${BODY}`, `\ufeff${SECRET}`, `sk_\u00ad${BODY}`, `ｓｋ＿${BODY}`, `ѕк_${BODY}`, `sk–${BODY}`, `sk-${BODY}`,
      `sk%5F${BODY}`, `sk%255F${BODY}`, `${PUBLISHABLE},${SECRET}`, `https://api.example/?key=${SECRET}`, 'sk_', 'sk_test_x',
      `s k _ ${BODY}`, `sk_live_${BODY}`,
    ]) {
      const error = await refused('secret-key', () => KeyGuard.load(text, null), text);
      equal(error.message.includes('sk_'), true);
      equal(/revoke/i.test(error.message), true);
    }
  },

  async 'other words are no secret keys'() {
    for (const text of ['', 'task_' + BODY, 'risk_' + BODY, 'pk_short', ` ${PUBLISHABLE}`, PUBLISHABLE.toUpperCase(), `${PUBLISHABLE}\n`]) {
      await refused('malformed-key', () => KeyGuard.load(text, { baseUrl: BASE }), text);
    }
  },

  async 'a key has to be a primitive string'() {
    const liar = { toString: () => PUBLISHABLE, [Symbol.toPrimitive]: () => PUBLISHABLE };
    for (const key of [undefined, null, 1, true, 1n, Symbol('x'), [PUBLISHABLE], new String(PUBLISHABLE), liar, () => PUBLISHABLE]) {
      await refused('not-a-string', () => KeyGuard.load(key, { baseUrl: BASE }), typeof key);
    }
  },

  async 'a mistyped key is refused by its checksum, unless foreign keys are accepted'() {
    const mistyped = TEST.replace('0aZ9', '1aZ9');
    await refused('checksum', () => KeyGuard.load(mistyped, { baseUrl: BASE }));
    await refused('checksum', () => KeyGuard.load(mistyped, { baseUrl: BASE, acceptForeignKeys: false }));
    await KeyGuard.load(mistyped, { baseUrl: BASE, acceptForeignKeys: true });
  },

  async 'a key of the other mode is refused'() {
    await refused('wrong-mode', () => KeyGuard.load(TEST, { baseUrl: BASE, mode: 'live' }));
    await refused('wrong-mode', () => load({ mode: 'test' }));
  },

  async 'options are checked'() {
    for (const options of [
      undefined, null, 1, BASE, {}, [], { baseUrl: '' }, { baseUrl: 'api.example' }, { baseUrl: '/v1' }, { baseUrl: {} },
      { baseUrl: 'http://api.example' }, { baseUrl: 'ftp://api.example' }, { baseUrl: 'javascript:alert(1)' },
      { baseUrl: 'https://user:pass@api.example' }, { baseUrl: 'https://localhost@api.example' }, { baseUrl: `${BASE}?a` },
      { baseUrl: `${BASE}#a` }, { baseUrl: 'http://localhost.example' }, { baseUrl: BASE, mode: 'LIVE' }, { baseUrl: BASE, mode: null },
      { baseUrl: BASE, mode: new String('live') }, { baseUrl: BASE, acceptForeignKeys: 'yes' }, { baseUrl: BASE, acceptForeignKeys: 1 },
    ]) {
      await refused('invalid-options', () => KeyGuard.load(PUBLISHABLE, options), JSON.stringify(options));
    }
    for (const baseUrl of ['http://localhost:8787', 'http://127.0.0.1:8787/', 'http://[::1]:8787']) await load({ baseUrl });
    await refused('secret-key', () => load({ baseUrl: `https://api.example/${SECRET}` }));
  },

  async 'options are read once, and later changes change nothing'() {
    const reads = {};
    const options = { baseUrl: BASE, mode: 'live', acceptForeignKeys: true };
    const guard = await KeyGuard.load(PUBLISHABLE, counted(options, reads));
    equal(JSON.stringify(reads), '{"baseUrl":1,"mode":1,"acceptForeignKeys":1}');
    options.baseUrl = 'https://evil.example';
    equal(guard.request('/a').url, `${BASE}/a`);
    const url = new URL(BASE);
    const other = await load({ baseUrl: url });
    url.host = 'evil.example';
    equal(other.request('/a').url, `${BASE}/a`);
  },

  async 'an option counts only on the options themselves'() {
    const mistyped = TEST.replace('0aZ9', '1aZ9');
    await meanwhile(Object.prototype, 'acceptForeignKeys', true, () =>
      refused('checksum', () => KeyGuard.load(mistyped, { baseUrl: BASE })));
    await meanwhile(Object.prototype, 'baseUrl', 'https://evil.example', () =>
      refused('invalid-options', () => KeyGuard.load(PUBLISHABLE, {})));
  },

  async 'what a getter throws is the cause'() {
    const thrown = new Error('mine');
    const options = { get baseUrl() { throw thrown; } };
    equal((await refused('invalid-options', () => KeyGuard.load(PUBLISHABLE, options))).cause, thrown);
    const guard = await load();
    equal((await refused('invalid-init', () => guard.request('/a', { get body() { throw thrown; } }))).cause, thrown);
    for (const odd of [[SECRET], { detail: SECRET }, new Error('x', { cause: SECRET }), new AggregateError([new Error(SECRET)], 'x')]) {
      const refusal = await refused('invalid-init', () => guard.request('/a', { get headers() { throw odd; } }));
      equal('cause' in refusal, false);
    }
    const quoting = new Error(`no such thing as ${SECRET}`);
    await refused('secret-key', () => guard.request('/a', { get body() { throw quoting; } }));
  },

  async 'a request carries the key, to the base URL, and nothing of the page'() {
    const guard = await load();
    const request = guard.request('/collect?a=b', { method: 'POST', headers: { 'x-test': 'y' }, body: '{}' });
    equal(request instanceof Request, true);
    equal(request.url, `${BASE}/collect?a=b`);
    equal(request.method, 'POST');
    equal(request.headers.get('authorization'), `Bearer ${PUBLISHABLE}`);
    equal(request.headers.get('x-test'), 'y');
    equal(request.credentials, 'omit');
    equal(request.redirect, 'error');
    equal(request.mode, 'cors');
    equal(request.referrerPolicy, 'strict-origin');
    equal(await request.text(), '{}');
    equal(guard.request('/a').method, 'GET');
    equal(guard.request('/a', {}).headers.get('authorization'), `Bearer ${PUBLISHABLE}`);
    equal(guard.request('/a', { referrerPolicy: 'no-referrer', mode: 'same-origin' }).referrerPolicy, 'no-referrer');
  },

  async 'no path leads elsewhere'() {
    const guard = await load();
    for (const path of [
      '', 'a', '?a', '//evil.example', '/\\evil.example', '\\\\evil.example', 'https://evil.example', '@evil.example/', '.evil.example',
      ':8443/', ' /a', '\t/a', '/\t/evil.example', '/\n/evil.example', '/\r/evil.example', '/a\\b', '/a\0b', '/a b', '/a#b', '/..', '/../a',
      '/a/../../b', '/%2e%2e/a', '/.%2E/a', '/./a', '/..;/a', undefined, null, 1, {}, ['/a'], new String('/a'), new URL(BASE), Symbol('/a'),
    ]) {
      await refused('invalid-path', () => guard.request(path), String(path));
      await refused('invalid-path', () => guard.fetch(path), String(path));
    }
    for (const path of [`/${SECRET}`, `/a?key=${SECRET}`, `/a?key=sk%5F${BODY}`]) await refused('secret-key', () => guard.request(path), path);
    for (const path of ['/', '/a@b', '/a:b', '/a//b', '/.a/b..', '/%2f%2fevil.example', '/é', '/a?b=/../c', "/a?b='", '/a|b']) {
      equal(guard.request(path).url.startsWith(`${BASE}/`), true, path);
    }
  },

  async 'no member loosens what the guard sets'() {
    const guard = await load();
    for (const init of [
      { credentials: 'include' }, { credentials: 'same-origin' }, { redirect: 'follow' }, { redirect: 'manual' }, { mode: 'no-cors' },
      { mode: 'navigate' }, { referrerPolicy: 'unsafe-url' }, { referrerPolicy: '' }, { referrer: '/basket' }, { credentials: null },
      { credentials: { toString: () => 'omit' } }, { mode: new String('no-cors') }, { method: { toString: () => 'POST' } }, { method: 'CONNECT' },
      { method: 'A B' }, { headers: null }, { headers: [['a']] }, { headers: { 'a b': 'c' } }, { method: 'GET', body: 'a' }, null, 1, 'x', { signal: 1 },
    ]) {
      await refused('invalid-init', () => guard.request('/a', init), JSON.stringify(init));
    }
    const mine = new AbortController();
    const request = guard.request('/a', { signal: mine.signal, cache: 'no-store', keepalive: true, integrity: '' });
    equal(request.signal.aborted, false);
    mine.abort();
    equal(request.signal.aborted, true);
  },

  async 'a header brings no key of its own'() {
    const guard = await load();
    for (const headers of [
      { Authorization: 'Basic YTpi' }, { AUTHORIZATION: `Bearer ${PUBLISHABLE}` }, [['authorization', '']], new Headers({ authorization: 'x' }),
      { 'x-key': PUBLISHABLE }, { 'x-key': `${PUBLISHABLE}\nx` }, [['x-key', `x\n${PUBLISHABLE}`]], { [`${PUBLISHABLE}\n`]: 'x' },
    ]) {
      await refused('invalid-init', () => guard.request('/a', { headers }));
    }
    for (const headers of [
      { authorization: `Bearer ${SECRET}` }, { 'x-key': SECRET }, [['x-key', SECRET.toUpperCase()]], new Headers({ 'x-key': SECRET }),
      { [SECRET]: 'x' }, { 'x-key': `${SECRET}\u0001` }, { a: 'b', c: `sk%5f${BODY}` },
    ]) {
      await refused('secret-key', () => guard.request('/a', { headers }));
    }
    // A header's characters are sent as a byte each, which a server may read as UTF-8.
    const asRead = (text) => String.fromCharCode(...new TextEncoder().encode(text));
    const disguises = [`s\u00adk_${BODY}`, `s\u200bk_${BODY}`, `ｓｋ＿${BODY}`, `ѕк_${BODY}`].map(asRead);
    for (const disguise of [...disguises, `\u00fc s%C2\u00adk_${BODY}`]) {
      for (const name of ['x-key', 'x-other']) {
        await refused('secret-key', () => guard.request('/a', { headers: { 'x-key': 'x', [name]: disguise, 'x-z': 'z' } }), disguise);
      }
    }
    await refused('invalid-init', () => guard.request('/a', { headers: { 'x-key': asRead(`p\u00adk_${PUBLISHABLE.slice(3)}`) } }));
    for (const name of ['\u00fcber', asRead('über'), '100%', 'sk, ']) {
      equal(guard.request('/a', { headers: { 'x-name': name, 'x-z': `_${BODY}` } }).headers.get('x-name'), name.trim());
    }
    await refused('secret-key', () => guard.request('/a', { method: SECRET }));
    await refused('secret-key', () => guard.request('/a', { method: `A\n${SECRET}` }));
    // What only might be one is no refusal of its own, and isn't shown either.
    const glued = await refused('invalid-init', () => guard.request('/a', { headers: { 'x-key': `token${SECRET}\nx` } }));
    equal(String(glued.cause ?? '').includes(BODY), false);
  },

  async 'a secret key in any readable body is refused'() {
    const guard = await load();
    const bytes = new TextEncoder().encode(`{"a":"${SECRET}"}`);
    const form = (name, value) => {
      const form = new FormData();
      form.append('a', 'b');
      form.append(name, value);
      return form;
    };
    for (const body of [
      SECRET, JSON.stringify({ note: `line\n${SECRET}` }), `{"a":"\\u0073k_${BODY}"}`, new URLSearchParams({ a: SECRET }), new URLSearchParams(SECRET),
      bytes, bytes.buffer, new DataView(bytes.buffer), bytes.subarray(3), new Uint16Array([...SECRET].map((char) => char.charCodeAt())),
      `x=1&y=%22${SECRET}`, `s\u200bk_${BODY}`, `ѕk_${BODY}`, `ｓｋ＿${BODY}`, JSON.stringify({ a: JSON.stringify({ b: JSON.stringify([`\n${SECRET}`]) }) }), form('key', SECRET), form(SECRET, 'x'),
    ]) {
      await refused('secret-key', () => guard.request('/a', { method: 'POST', body }), String(body));
    }
  },

  async 'a body that cannot be read on the spot is refused'() {
    const guard = await load();
    const form = new FormData();
    form.append('file', new Blob(['x']), 'x.txt');
    for (const body of [
      new Blob(['x']), new ReadableStream(), form, {}, [], 1, true, new String('x'), { toString: () => 'x' }, new Response('x').body, new Date(), () => 'x',
    ]) {
      await refused('unreadable-body', () => guard.request('/a', { method: 'POST', duplex: 'half', body }), String(body));
    }
  },

  async 'bodies arrive as they were'() {
    const guard = await load();
    const post = (body) => guard.request('/a', { method: 'POST', body });
    const params = await sent(post(new URLSearchParams([['a', 'b c'], ['a', 'é']])));
    equal(params.body, 'a=b+c&a=%C3%A9');
    equal(params['content-type'].toLowerCase(), 'application/x-www-form-urlencoded;charset=utf-8');
    const form = new FormData();
    form.append('a', 'b');
    form.append('a', 'c');
    await meanwhile(Object.prototype, 'body', SECRET, async () =>
      equal((await sent(guard.request('/a', { __proto__: null, method: 'POST', body: null }))).body, ''));
    const copied = await post(form).formData();
    equal(copied.getAll('a').join(), 'b,c');
    const buffer = new Uint8Array([0, 255, 1, 254, 2]).buffer;
    const bytes = async (body) => new Uint8Array(await post(body).arrayBuffer()).join();
    equal(await bytes(buffer), '0,255,1,254,2');
    equal(await bytes(new Uint8Array(buffer, 1, 2)), '255,1');
    equal(await bytes(new DataView(buffer, 3)), '254,2');
    equal(await bytes(new Uint16Array([513])), '1,2');
    equal((await sent(post('ü'))).body, 'ü');
    equal((await sent(post(''))).body, '');
    equal((await sent(guard.request('/a', { method: 'POST', body: null }))).body, '');
    const big = 'x'.repeat(3_000_000);
    equal((await sent(post(big))).body.length, big.length);
  },

  async 'each member is read once, and what was checked is what is sent'() {
    const guard = await load();
    const reads = {};
    guard.request('/a', counted({ method: 'POST', body: 'x', headers: { a: 'b' } }, reads));
    for (const [name, times] of Object.entries(reads)) equal(times, 1, name);
    equal(Object.keys(reads).includes('body') && Object.keys(reads).includes('credentials'), true);

    let asked = 0;
    const twoFaced = (...values) => values[Math.min(asked++, values.length - 1)];
    const init = { method: 'POST', get body() { return twoFaced('harmless', SECRET); } };
    equal((await sent(guard.request('/a', init))).body, 'harmless');
    asked = 0;
    const headers = { get 'x-test'() { return twoFaced('harmless', SECRET); } };
    equal((await sent(guard.request('/a', { headers })))['x-test'], 'harmless');
    asked = 0;
    equal(guard.request('/a', { get credentials() { return twoFaced('omit', 'include'); } }).credentials, 'omit');
  },

  async 'objects that lie about themselves are sent as they were seen'() {
    const guard = await load();
    const post = (body) => guard.request('/a', { method: 'POST', body });

    const params = new URLSearchParams({ key: SECRET });
    params.toString = () => 'harmless';
    await refused('secret-key', () => post(params));
    const walked = new URLSearchParams({ key: SECRET });
    walked[Symbol.iterator] = function* () { yield ['a', 'harmless']; };
    equal((await sent(post(walked))).body.includes(BODY), false);

    const form = new FormData();
    form.append('key', SECRET);
    form[Symbol.iterator] = function* () { yield ['a', 'harmless']; };
    equal((await sent(post(form))).body.includes(BODY), false);

    let asked = 0;
    const bytes = new TextEncoder().encode(SECRET);
    Object.defineProperty(bytes, 'byteLength', { value: 0 });
    Object.defineProperty(bytes, 'buffer', { value: new ArrayBuffer(4) });
    equal((await sent(post(bytes))).body.includes(BODY), false);

    // What only says that it is an array: it has no bytes until it is made a text, and would lead the copy astray.
    for (const lie of [
      { __proto__: Uint8Array.prototype, length: 0, toString: () => SECRET },
      { __proto__: ArrayBuffer.prototype, byteLength: 0, toString: () => SECRET },
      Object.create(Uint8Array.prototype, { length: { get: () => (asked += 1) * 20_000 - 20_000 } }),
      new Proxy(new Uint8Array(1), { get: (target, name) => (name === Symbol.toPrimitive ? () => SECRET : target[name]) }),
    ]) {
      try {
        equal((await sent(post(lie))).body.includes(BODY), false);
      } catch (error) {
        equal(error instanceof KeyGuardError, true, String(error));
      }
    }
    await refused('secret-key', () => post(SECRET), 'the rules are what they were');

    const later = new Uint8Array(SECRET.length).fill(120);
    const request = post(later);
    later.set(new TextEncoder().encode(SECRET));
    equal((await sent(request)).body, 'x'.repeat(SECRET.length));

    const headers = new Headers({ 'x-test': SECRET });
    headers.get = () => 'harmless';
    headers.entries = function* () {};
    await refused('secret-key', () => guard.request('/a', { headers }));

    const mine = new Headers({ 'x-test': 'a' });
    const made = guard.request('/a', { headers: mine });
    mine.set('authorization', 'Bearer x');
    equal(made.headers.get('authorization'), `Bearer ${PUBLISHABLE}`);
    equal(mine.get('x-test'), 'a');
  },

  async 'a polluted prototype loosens nothing'() {
    const guard = await load();
    for (const [name, value] of [
      ['credentials', 'include'], ['mode', 'no-cors'], ['redirect', 'follow'], ['referrerPolicy', 'unsafe-url'], ['referrer', '/basket'],
      ['body', SECRET], ['headers', { authorization: 'Bearer x' }],
    ]) {
      await meanwhile(Object.prototype, name, value, async () => {
        const request = guard.request('/a');
        equal(request.credentials, 'omit', name);
        equal(request.mode, 'cors', name);
        equal(request.redirect, 'error', name);
        equal(request.referrerPolicy, 'strict-origin', name);
        equal(request.body ?? null, null, name);
        equal(request.headers.get('authorization'), `Bearer ${PUBLISHABLE}`, name);
        // What stands on the prototype of the caller's own object is the caller's, as with `fetch`: it is refused.
        await refused(name === 'body' ? 'secret-key' : 'invalid-init', () => guard.request('/a', { method: 'POST' }), name);
      });
    }
  },

  async 'a value with a line break passes for no other'() {
    const guard = await load();
    for (const init of [
      { method: 'GET\nx' }, { credentials: 'omit\nerror' }, { credentials: 'omit\nerror\ncors\nabout:client\nstrict-origin\nx', redirect: 'follow' },
      { referrer: 'about:client\nstrict-origin\nx', referrerPolicy: 'unsafe-url' }, { mode: 'cors\n', referrer: 'x' },
    ]) {
      await refused('invalid-init', () => guard.request('/a', init), JSON.stringify(init));
    }
  },

  async 'a call that was refused leaves nothing behind for the next'() {
    const guard = await load();
    const headers = new Headers({ a: 'b' });
    await refused('invalid-init', () => guard.request('/a', { method: 'GET', body: 'x', headers }));
    equal(headers.has('authorization'), false);
    equal(guard.request('/a', { headers }).headers.get('a'), 'b');
    await refused('invalid-init', () => guard.request('/a', { headers: { authorization: '' } }));
  },

  async 'a text is sent as the bytes that were looked at'() {
    const guard = await load();
    for (const [body, headers, type] of [['ü', {}, 'text/plain;charset=UTF-8'], ['x'.repeat(2_000), { 'content-type': 'text/csv' }, 'text/csv'], ['', {}, 'text/plain;charset=UTF-8']]) {
      const request = guard.request('/a', { method: 'POST', body, headers });
      equal(request.headers.get('content-type'), type);
      equal(await request.text(), body);
    }
    // Half a character is sent as U+FFFD, as `fetch` does.
    equal(await guard.request('/a', { method: 'POST', body: 'a\ud800b' }).text(), 'a\ufffdb');
    const { encode } = TextEncoder.prototype;
    await meanwhile(TextEncoder.prototype, 'encode', function (text) { return encode.call(this, text.includes('sk_') ? 'harmless' : text); }, async () =>
      equal(await guard.request('/a', { method: 'POST', body: SECRET }).text(), 'harmless'));
  },

  async 'setters and getters on Object.prototype see no key and change nothing'() {
    const guard = await load();
    const seen = [];
    const names = ['body', 'headers', 'url', 'path', 'signal', 'control', 'redirect', 'authorization', 'key', 'base', 'window', 'dispatcher', 'duplex'];
    for (const name of names) {
      Object.defineProperty(Object.prototype, name, {
        configurable: true, set(value) { seen.push(String(value)); }, get: () => undefined,
      });
    }
    let request;
    try {
      request = guard.request('/a', { __proto__: null, method: 'POST', body: 'x', headers: { __proto__: null, a: 'b' } });
    } catch (error) {
      // Node's own Request is made of ordinary objects: it comes out broken, and shows what is in it.
      equal(error.code, 'unverified-request');
    } finally {
      for (const name of names) delete Object.prototype[name];
    }
    if (!request) return;
    equal(seen.some((value) => value.includes('pk_')), false, String(seen));
    equal(request.headers.get('authorization'), `Bearer ${PUBLISHABLE}`);
    equal(await request.text(), 'x');
  },

  async 'an index that Object.prototype answers hides no header'() {
    const guard = await load();
    for (const prototype of [Object.prototype, Array.prototype]) {
      for (let index = 0; index < 16; index += 1) {
        let request;
        Object.defineProperty(prototype, index, { configurable: true, set() {}, get: () => 'harmless' });
        try {
          request = guard.request('/a', { headers: { 'x-key': SECRET, 'x-other': 'y' } });
        } catch {
          // The guard's refusal, or the runtime's: it is made of ordinary objects in part.
        } finally {
          delete prototype[index];
        }
        equal(request, undefined, index);
      }
    }
  },

  async 'a runtime that was changed before is noticed where it shows'() {
    const guard = await load();
    const Real = globalThis.Headers;
    for (const [name, Changed] of [
      ['set', class extends Real { set(name, value) { super.set(name, name === 'authorization' ? 'Bearer x' : value); } }],
      ['nothing', class extends Real { set() {} }],
    ]) {
      await meanwhile(globalThis, 'Headers', Changed, () => refused('unverified-request', () => guard.request('/a'), name));
    }
  },

  async 'a guard shows nothing, and cannot be taken apart'() {
    const guard = await load();
    equal(JSON.stringify(guard), '{}');
    equal(Reflect.ownKeys(guard).length, 0);
    for (const name of ['__wbg_ptr', 'free', 'key', 'base', '__destroy_into_raw']) equal(name in guard, false, name);
    guard.__wbg_ptr = 12_345;
    guard.baseUrl = 'https://evil.example';
    equal(guard.request('/a').url, `${BASE}/a`);
    let failed = 0;
    for (const action of [
      () => { guard.mode = 'test'; }, () => KeyGuard.prototype.request.call({}, '/a'), () => KeyGuard.prototype.request.call(Object.create(guard), '/a'),
      () => new KeyGuard(), () => new KeyGuard({ mode: 'test', request: () => new Request('https://evil.example') }),
    ]) {
      try {
        action();
      } catch (error) {
        equal(error instanceof TypeError, true, String(error));
        failed += 1;
      }
    }
    equal(failed, 5);
    equal(guard.mode, 'live');
  },

  async 'an error stays as it was made'() {
    const error = await refused('secret-key', () => KeyGuard.load(SECRET, { baseUrl: BASE }));
    let kept = false;
    try {
      error.code = 'malformed-key';
    } catch (failure) {
      kept = failure instanceof TypeError;
    }
    equal(kept, true);
    equal(error.code, 'secret-key');
    equal('cause' in error, false);
    equal(Object.prototype.toString.call(error), '[object Error]');
  },

  async 'a request that is another than was asked for is not sent'() {
    const guard = await load();
    const Real = globalThis.Request;
    for (const replaced of [
      (url, init) => new Real('https://evil.example/', init),
      (url, init) => new Real(url.replace('api.example', 'api.example.evil.example'), init),
      (url, init) => new Real(url, { ...init, credentials: 'include' }),
      (url, init) => new Real(url, { ...init, redirect: 'follow' }),
      (url, init) => new Real(url, { ...init, headers: {} }),
      (url, init) => new Real(`${url}?key=${SECRET}`, init),
    ]) {
      await meanwhile(globalThis, 'Request', function (url, init) { return replaced(url, init); }, () =>
        refused('unverified-request', () => guard.request('/a'), String(replaced)));
    }
  },

  async 'fetch rejects and never throws'() {
    const guard = await load();
    const promise = guard.fetch('//evil.example');
    equal(promise instanceof Promise, true);
    await refused('invalid-path', () => promise);
  },

  async 'many guards and requests are told apart'() {
    const guards = await Promise.all(Array.from({ length: 50 }, (_, n) => load({ baseUrl: `https://api.example/${n}` })));
    for (let round = 0; round < 20; round += 1) {
      guards.forEach((guard, n) => equal(guard.request(`/${round}`).url, `https://api.example/${n}/${round}`));
    }
  },
};
