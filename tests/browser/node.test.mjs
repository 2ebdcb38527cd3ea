// The package in Node: where pages are rendered ahead, and where it can be tested fast.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { api, consumer, node } from './harness.mjs';

test('every promise holds in Node', async (t) => {
  const folder = await consumer(t, { files: ['cases.mjs'] });
  const { cases } = await import(pathToFileURL(path.join(folder, 'cases.mjs')));
  for (const [name, run] of Object.entries(cases)) await t.test(name, run);
});

test('calls are made as they should in Node', async (t) => {
  const folder = await consumer(t, { files: ['calls.mjs'] });
  const { origin } = await api(t);
  const { calls } = await import(pathToFileURL(path.join(folder, 'calls.mjs')));
  for (const [name, run] of Object.entries(calls)) await t.test(name, () => run(origin));
});

test('a key that is out of place is told, or refused', async (t) => {
  const folder = await consumer(t);
  const printed = await node(folder, `
    import { KeyGuard } from 'keyguard';
    const [live, test] = ['pk_WeHsNn87r4gtNc5BQT9Mj', 'pk_test_0aZ9bY8cX7dW6eV5fU4gT3hS2i2CpBbi'];
    const baseUrl = 'https://api.example';
    let warned = 0;
    console.warn = () => { warned += 1; };
    for (const [key, hostname] of [[live, 'localhost'], [test, 'shop.example'], [live, 'shop.example'], [test, 'localhost'], [test, ''], [live, undefined]]) {
      globalThis.location = hostname === undefined ? undefined : { hostname };
      const events = [];
      const onEvent = ({ type, mode, message }) => events.push(type + '/' + mode + '/' + message.slice(0, 14));
      const load = (environment) => KeyGuard.load(key, { baseUrl, environment, onEvent }).then(({ mode }) => mode, ({ code }) => code);
      console.log(await load(), events.splice(0).join(), await load('warn'), events.splice(0).length, await load('refuse'), await load('ignore'), events.length);
    }
    console.log(warned);
  `);
  assert.deepEqual(printed.trim().split('\n'), [
    'live warning/live/This is a live live 1 wrong-environment live 0',
    'test warning/test/This is a test test 1 wrong-environment test 0',
    'live  live 0 live live 0', 'test  test 0 test test 0', 'test  test 0 test test 0', 'live  live 0 live live 0',
    '1',
  ]);
});

test('keys read as the corpus says', async (t) => {
  const folder = await consumer(t);
  const { KeyGuard } = await import(pathToFileURL(path.join(folder, 'node_modules/keyguard/index.js')));
  const vectors = JSON.parse(await readFile(new URL('../vectors/keys.json', import.meta.url)));
  assert.ok(vectors.length > 50);
  const verdict = (text, options) => KeyGuard.load(text, { baseUrl: 'https://api.example', ...options }).then(
    (guard) => guard.mode,
    (error) => error.code,
  );
  for (const { text, why, kind, mode, error, checksum_failed: isMistyped } of vectors) {
    // Here a secret key is told in every spelling, the wrong ones included.
    const isSecret = kind === 'secret' || /(^|[^a-z0-9])sk[_-]/i.test(text.normalize('NFKC'));
    const grammar = error ? 'malformed-key' : mode;
    const expected = isSecret ? 'secret-key' : isMistyped ? 'checksum' : grammar;
    assert.equal(await verdict(text), expected, `${text}: ${why}`);
    assert.equal(await verdict(text, { acceptForeignKeys: true }), isSecret ? 'secret-key' : grammar, `${text}: ${why}`);
  }
});

test('importing does nothing', async (t) => {
  const folder = await consumer(t);
  await node(folder, `
    const before = Reflect.ownKeys(globalThis).length;
    for (const name of ['WebAssembly', 'Request', 'fetch', 'Headers', 'FormData', 'atob']) delete globalThis[name];
    const removed = before - Reflect.ownKeys(globalThis).length;
    const exports = await import('keyguard');
    if (Reflect.ownKeys(globalThis).length !== before - removed) throw new Error('a global was left');
    if (Object.keys(exports).join() !== 'KeyGuard,KeyGuardError,ProblemError') throw new Error(Object.keys(exports));
  `);
});

test('the entry with its WebAssembly beside it is the same', async (t) => {
  const folder = await consumer(t);
  const printed = await node(folder, `
    import * as inlined from 'keyguard';
    import * as external from 'keyguard/external';
    console.log(Object.keys(inlined).join() === Object.keys(external).join());
    const guard = await external.KeyGuard.load('pk_WeHsNn87r4gtNc5BQT9Mj', { baseUrl: 'https://api.example' });
    console.log(guard.request('/a').url);
    console.log(await external.KeyGuard.load('sk_vYZCAeHawUqDCmVpEKh2U').catch(({ code }) => code));
  `);
  assert.equal(printed, 'true\nhttps://api.example/a\nsecret-key\n');
});

test('without WebAssembly nothing is loaded', async (t) => {
  const folder = await consumer(t);
  const printed = await node(folder, `
    delete globalThis.WebAssembly;
    const { KeyGuard, KeyGuardError } = await import('keyguard');
    for (let time = 0; time < 2; time += 1) {
      const error = await KeyGuard.load('pk_WeHsNn87r4gtNc5BQT9Mj', { baseUrl: 'https://api.example' }).catch((error) => error);
      console.log(error instanceof KeyGuardError, error.code, error.cause.name);
    }
  `);
  assert.equal(printed, 'true wasm-unavailable ReferenceError\n'.repeat(2));
});

test('an engine that compiles little at once is given the time', async (t) => {
  const folder = await consumer(t);
  const printed = await node(folder, `
    let asked = 0;
    WebAssembly.Module = class { constructor(bytes) { asked += 1; throw new RangeError(bytes.length + ' bytes'); } };
    const { KeyGuard } = await import('keyguard');
    const load = () => KeyGuard.load('pk_WeHsNn87r4gtNc5BQT9Mj', { baseUrl: 'https://api.example' });
    const guards = await Promise.all([load(), load()]);
    console.log(asked, ...guards.map((guard) => guard.request('/a').url));
  `);
  assert.equal(printed, '1 https://api.example/a https://api.example/a\n');
});

test('an API is called from Node', async (t) => {
  const folder = await consumer(t);
  const { origin, received } = await api(t);
  const printed = await node(folder, `
    import { KeyGuard } from 'keyguard';
    const guard = await KeyGuard.load('pk_WeHsNn87r4gtNc5BQT9Mj', { baseUrl: ${JSON.stringify(origin)} });
    const response = await guard.fetch('/a', { method: 'POST', body: '{}' });
    console.log(response.status);
    console.log((await guard.fetch('/redirect').catch((error) => error)).code);
  `);
  assert.equal(printed, '200\nredirect-refused\n');
  assert.deepEqual(received.map(({ url }) => url), ['/a', '/redirect']);
  assert.equal(received[0].headers.authorization, 'Bearer pk_WeHsNn87r4gtNc5BQT9Mj');
  assert.equal(received[0].body, '{}');
});

test('a stream is sent where it was asked for, once', async (t) => {
  const folder = await consumer(t);
  const { origin, received } = await api(t);
  const printed = await node(folder, `
    import { KeyGuard } from 'keyguard';
    const guard = await KeyGuard.load('pk_WeHsNn87r4gtNc5BQT9Mj', { baseUrl: ${JSON.stringify(origin)} });
    const body = () => new Blob(['abc']).stream();
    console.log((await guard.fetch('/503,200', { method: 'PUT', body: body(), allowStream: true, retries: 5 })).status);
    console.log(await guard.fetch('/a', { method: 'PUT', body: body() }).catch(({ code }) => code));
  `);
  assert.equal(printed, '503\nunreadable-body\n');
  assert.deepEqual(received.map(({ url, body }) => [url, body]), [['/503,200', 'abc']]);
});

test('values of another realm are read as what they are', async (t) => {
  const folder = await consumer(t);
  await node(folder, `
    import vm from 'node:vm';
    import assert from 'node:assert/strict';
    import { KeyGuard } from 'keyguard';
    const foreign = (code) => vm.runInNewContext(code);
    const key = 'pk_WeHsNn87r4gtNc5BQT9Mj', baseUrl = 'https://api.example';
    const guard = await KeyGuard.load(foreign(JSON.stringify(key)), foreign('({ baseUrl: "https://api.example" })'));
    await assert.rejects(KeyGuard.load(foreign('new String("pk_WeHsNn87r4gtNc5BQT9Mj")'), { baseUrl }), { code: 'not-a-string' });
    await assert.rejects(KeyGuard.load(foreign('"sk_vYZCAeHawUqDCmVpEKh2U"'), { baseUrl }), { code: 'secret-key' });
    const post = (body) => guard.request('/a', { method: 'POST', body });
    assert.throws(() => post(foreign('Uint8Array.from("sk_vYZCAeHawUqDCmVpEKh2U", (char) => char.charCodeAt())')), { code: 'secret-key' });
    assert.deepEqual(new Uint8Array(await post(foreign('new Uint8Array([1, 2])')).arrayBuffer()), new Uint8Array([1, 2]));
    assert.throws(() => post(foreign('new ArrayBuffer(1)')), { code: 'unreadable-body' });
    assert.throws(() => post(foreign('new String("x")')), { code: 'unreadable-body' });
    assert.throws(() => post(foreign('({ toString: () => "x" })')), { code: 'unreadable-body' });
    const call = (code) => () => guard.request('/a', foreign(code));
    assert.throws(call('({ headers: [["a", "sk_vYZCAeHawUqDCmVpEKh2U"]] })'), { code: 'secret-key' });
    assert.throws(call('({ method: "POST", json: { a: "sk_vYZCAeHawUqDCmVpEKh2U" } })'), { code: 'secret-key' });
    assert.throws(call('({ method: new String("POST") })'), { code: 'invalid-init' });
    assert.throws(call('({ signal: { aborted: false, addEventListener() {} } })'), { code: 'invalid-init' });
    assert.throws(call('({ credentials: { toString: () => "omit" } })'), { code: 'invalid-init' });
    assert.equal(call('[["method", "POST"]]')().method, 'GET');
    assert.throws(() => guard.request(foreign('new String("/a")')), { code: 'invalid-path' });
    assert.equal(guard.request(foreign('"/a"')).url, 'https://api.example/a');
    await assert.rejects(KeyGuard.load(key, foreign('({ baseUrl: { href: "https://api.example", toString: () => "http://evil.example" } })')), { code: 'invalid-options' });
    await assert.rejects(KeyGuard.load(key, foreign('({ baseUrl: "https://api.example", environment: new String("ignore") })')), { code: 'invalid-options' });
  `);
});
