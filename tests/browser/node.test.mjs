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
    if (Object.keys(exports).join() !== 'KeyGuard,KeyGuardError') throw new Error(Object.keys(exports));
  `);
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

test('an API is called from Node', async (t) => {
  const folder = await consumer(t);
  const { origin, received } = await api(t);
  const printed = await node(folder, `
    import { KeyGuard } from 'keyguard';
    const guard = await KeyGuard.load('pk_WeHsNn87r4gtNc5BQT9Mj', { baseUrl: ${JSON.stringify(origin)} });
    const response = await guard.fetch('/a', { method: 'POST', body: '{}' });
    console.log(response.status);
    console.log((await guard.fetch('/redirect').catch((error) => error)).name);
  `);
  assert.equal(printed, '200\nTypeError\n');
  assert.deepEqual(received.map(({ url }) => url), ['/a', '/redirect']);
  assert.equal(received[0].headers.authorization, 'Bearer pk_WeHsNn87r4gtNc5BQT9Mj');
  assert.equal(received[0].body, '{}');
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
  `);
});
