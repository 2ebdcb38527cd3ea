// Whatever a page's code hands to the guard, however it lies: no secret key and no other origin gets to `fetch`.

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import vm from 'node:vm';
import { pathToFileURL } from 'node:url';

import { consumer } from './harness.mjs';

const KEY = 'pk_WeHsNn87r4gtNc5BQT9Mj';
const BODY = 'vYZCAeHawUqDCmVpEKh2U';
const BASE = 'https://api.example/v1';
const CASES = Number(process.env.KEYGUARD_FUZZ ?? 10_000);

/** Numbers that look random and come again: a failure names its seed. */
function random(seed) {
  return () => {
    // mulberry32
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** Makes arguments of `request` and `fetch` out of chance. */
function maker(seed) {
  const next = random(seed);
  const below = (count) => Math.floor(next() * count);
  const pick = (...values) => values[below(values.length)];
  const often = (share) => next() < share;

  const secret = () => {
    const plain = pick('sk_', 'sk_test_', 'SK_', 'Sk_Test_') + BODY;
    return pick(
      () => plain, () => `"${plain}"`, () => ` ${plain}\n`, () => plain.replaceAll('_', '%5F'), () => plain.replace('s', '%73'), () => encodeURIComponent(`é ${plain}`),
      () => plain.replace('_', '\u200b_'), () => plain.replace(/s/i, 'ѕ'), () => [...plain].join('\u2060'), () => JSON.stringify({ a: JSON.stringify({ b: `x\n${plain}` }) }),
      () => `Bearer ${plain}`, () => `\\u0073k_${BODY}`, () => `pk_WeHsNn87r4gtNc5BQT9Mj,${plain}`,
    )();
  };
  const word = () => (often(0.1) ? secret() : pick('a', 'b', '', 'x-test', 'x-other', '{}', 'a=b', 'é', 'text/plain', 'omit', 'task_0123456789abcdefg', KEY, 'https://evil.example/', '\u0000', ' '));

  /** A value that shows one thing first and another later. */
  const twoFaced = (make) => {
    const faces = [make(), make(), make()];
    let asked = 0;
    return () => faces[Math.min(asked++, faces.length - 1)];
  };
  /** An object whose members are what they are, or are asked for, or come from somewhere else. */
  const object = (members) => {
    const result = often(0.2) ? { __proto__: null } : {};
    for (const [name, make] of Object.entries(members)) {
      if (often(0.25)) Object.defineProperty(result, name, { get: twoFaced(make), enumerable: true, configurable: true });
      else result[name] = make();
    }
    if (often(0.15)) return Object.create(result);
    if (often(0.15)) return new Proxy(result, { get: (target, name) => (often(0.2) && name in members ? members[name]() : Reflect.get(target, name)) });
    return result;
  };
  const odd = () => pick(undefined, null, 0, 1, NaN, true, 1n, Symbol('x'), [], {}, () => word(), new String(word()), { toString: () => word() }, { [Symbol.toPrimitive]: twoFaced(word) }, new Date(0), new URL(BASE));
  const maybe = (make) => () => (often(0.04) ? odd() : make());

  const bytes = () => new TextEncoder().encode(word());
  const foreign = (code) => vm.runInNewContext(code, { word: word() });
  class Params extends URLSearchParams { toString() { return 'harmless'; } *[Symbol.iterator]() { yield ['a', word()]; } }
  class Form extends FormData { *[Symbol.iterator]() { yield ['a', word()]; } entries() { return [][Symbol.iterator](); } }
  class File extends Blob { get type() { return word(); } stream() { return new Blob([word()]).stream(); } async arrayBuffer() { return bytes().buffer; } text() { return 'x'; } }
  const form = (Form) => {
    const form = new Form();
    form.append(word(), word());
    if (often(0.3)) form.append(word(), new Blob([word()], { type: word() }), word());
    return form;
  };
  const body = () => pick(
    word, word, bytes, () => bytes().buffer, () => new DataView(bytes().buffer), () => new Uint8Array(new SharedArrayBuffer(8)), () => Buffer.from(word()),
    () => new URLSearchParams({ [word()]: word() }), () => new Params({ a: word() }), () => form(FormData), () => form(Form), () => new Blob([word()], { type: word() }),
    () => new File([word()]), () => new Blob([word()]).stream(), () => new Response(word()).body, () => foreign('Uint8Array.from(word, (char) => char.charCodeAt())'),
    () => foreign('new String(word)'), () => null, odd, () => Object.assign(bytes(), { toString: () => 'x' }),
  )();
  /** A character for each byte of a text in UTF-8: what a header can hold, and a server may read again as that text. */
  const asBytes = (text) => String.fromCharCode(...new TextEncoder().encode(text));
  const headers = () => pick(
    () => ({ a: 'b', [pick('a', 'x-test')]: asBytes(word()), 'x-z': asBytes('ü') }),
    () => object({ [pick('a', 'x-test', 'Authorization', 'Idempotency-Key', 'content-type', word())]: word }),
    () => [[word(), word()], [pick('a', 'authorization'), word()], ['a', word()]], () => new Headers({ a: pick('b', KEY) }), () => new Map([[word(), word()]]),
    () => { const headers = new Headers(); headers[Symbol.iterator] = function* () { yield ['a', word()]; }; return headers; }, () => foreign('[["a", word]]'), () => foreign('({ a: word })'), odd,
  )();
  const json = () => pick(word, () => ({ [word()]: [word(), { a: word() }] }), () => ({ toJSON: twoFaced(word) }), () => ({ get a() { return word(); } }), odd)();
  const path = () => often(0.8) ? pick('/a', '/b?c=d') : pick(
    () => `/${word()}`, () => `/a?b=${word()}`, () => `/${encodeURIComponent(word())}`, () => '//evil.example', () => '/\\evil.example', () => '/\t/evil.example', () => '/../a',
    () => '/%2e%2e/a', () => '@evil.example', () => '.evil.example', () => ':1@evil.example', () => 'https://evil.example/', word, odd,
  )();
  const init = () => {
    const members = {
      method: maybe(() => pick('GET', 'POST', 'POST', 'POST', 'PUT', 'PATCH', 'post', 'DELETE', word())), headers: maybe(headers), body: maybe(body), json: maybe(json),
      idempotencyKey: maybe(word), credentials: maybe(() => pick('omit', 'omit', 'include', word())), mode: maybe(() => pick('cors', 'cors', 'same-origin', 'same-origin', 'no-cors', 'navigate')),
      redirect: maybe(() => pick('error', 'error', 'error', 'follow', 'manual')), referrer: maybe(() => pick('', 'about:client', BASE, word())), referrerPolicy: maybe(() => pick('origin', 'unsafe-url', 'no-referrer')),
      cache: maybe(() => 'no-store'), keepalive: maybe(() => true), integrity: maybe(() => ''), retries: maybe(() => pick(0, 1, 2, 99)), timeout: maybe(() => pick(0, 1_000, -1)), allowStream: maybe(() => false),
      signal: maybe(() => new AbortController().signal), window: maybe(() => null), dispatcher: maybe(() => ({})), duplex: maybe(() => 'half'), url: maybe(() => 'https://evil.example/'), path: maybe(word),
      control: maybe(() => new AbortController()), isRepeatable: maybe(() => true), __proto__: null,
    };
    const names = Object.keys(members).filter((name) => often(name === 'method' ? 0.7 : name === 'body' || name === 'headers' ? 0.5 : 0.12));
    return often(0.05) ? odd() : object(Object.fromEntries(names.map((name) => [name, members[name]])));
  };
  return { path, init, pick };
}

/** Whether something holds the secret key in any of the spellings that the maker knows. */
function holdsSecret(text) {
  for (let round = 0; round < 4; round += 1) {
    const plain = text.normalize('NFKC').replace(/[\u200b\u2060\u0000]/g, '').replaceAll('ѕ', 's').replaceAll('\\u0073', 's').replaceAll('\\', '');
    if (/(?<![a-z0-9])sk_(test_)?vYZCAeHawUqDCmVpEKh2U/i.test(plain)) return true;
    text = text.replace(/(?:%[0-9a-f]{2})+/gi, (part) => new TextDecoder().decode(Uint8Array.from(part.match(/[0-9a-f]{2}/gi), (digits) => parseInt(digits, 16))));
  }
  return false;
}

test('the judge of this test sees what it has to', () => {
  for (const text of [`sk_${BODY}`, `SK%5FTEST%5F${BODY}`, `%25%37%33k_${BODY}`, `ѕk_${BODY}`, [...`sk_${BODY}`].join('\u2060'), `{"a":"{\\"b\\":\\"sk_${BODY}\\"}"}`]) {
    assert.equal(holdsSecret(text), true, text);
  }
  for (const text of [`task_${BODY}`, KEY, '']) assert.equal(holdsSecret(text), false, text);
});

test(`${CASES} calls made of chance send no secret key and go nowhere else`, async (t) => {
  const folder = await consumer(t);
  const { KeyGuard, KeyGuardError } = await import(pathToFileURL(path.join(folder, 'node_modules/keyguard/index.js')));
  const events = [];
  const guard = await KeyGuard.load(KEY, { baseUrl: BASE, retries: 1, onEvent: (event) => events.push(event) });
  const sent = [];
  const real = globalThis.fetch;
  const { random: chance } = Math;
  globalThis.fetch = async (...args) => {
    sent.push(args);
    // Every other time it is lost, so that a second try is seen, too.
    if (sent.length % 2) throw new TypeError('lost');
    return new Response('{}');
  };
  Math.random = () => 0;
  t.after(() => Object.assign(globalThis, { fetch: real }) && Object.assign(Math, { random: chance }));

  const counts = { sent: 0, refused: 0, thrown: 0 };
  for (let seed = 0; seed < CASES; seed += 1) {
    const { path, init, pick } = maker(seed);
    const [where, what] = [path(), init()];
    const how = pick('fetch', 'json', 'request');
    try {
      const result = how === 'request' ? guard.request(where, what) : await guard[how](where, what);
      if (how === 'request') sent.push([result]);
    } catch (error) {
      if (error instanceof KeyGuardError) counts.refused += 1;
      else if (error instanceof TypeError && error.message === 'lost') counts.thrown += 1;
      else assert.fail(`seed ${seed}, ${how}: ${error.stack}`);
      for (let shown = error; shown instanceof Error; shown = shown.cause) assert.equal(holdsSecret(`${shown.message}${shown.stack}`), false, `seed ${seed}: ${shown.message}`);
    }
    for (const [request, ...more] of sent.splice(0)) {
      const name = `seed ${seed}, ${how}: ${request.method} ${request.url}`;
      counts.sent += 1;
      assert.equal(more.length, 0, name);
      assert.equal(request instanceof Request, true, name);
      assert.equal(request.url.startsWith(`${BASE}/`), true, name);
      assert.equal(request.headers.get('authorization'), `Bearer ${KEY}`, name);
      assert.equal(request.credentials, 'omit', name);
      assert.equal(['cors', 'same-origin'].includes(request.mode), true, name);
      assert.equal(request.redirect, how === 'request' ? 'error' : 'manual', name);
      const lines = [...request.headers].flat();
      // As text, and as a server may read the bytes.
      const told = [request.url, request.method, ...lines, Buffer.from(lines.join('\n'), 'latin1'), await request.text()].join('\n');
      assert.equal(holdsSecret(told), false, `${name}\n${told}`);
    }
    for (const event of events.splice(0)) assert.equal(holdsSecret(JSON.stringify(event)) || JSON.stringify(event).includes(KEY), false, `seed ${seed}`);
  }
  t.diagnostic(JSON.stringify(counts));
  // Worth something only if many get through.
  assert.ok(counts.sent > CASES / 5 && counts.refused > CASES / 5, JSON.stringify(counts));
});
