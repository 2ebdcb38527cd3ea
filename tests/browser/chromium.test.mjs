// The package in a browser: as a plain module, under content security policies, and on the wire.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { api, browser, consumer, open, serve } from './harness.mjs';

const IMPORT_MAP = '<script type="importmap">{"imports":{"keyguard":"/node_modules/keyguard/index.js"}}</script>';
const HEAD = '<!doctype html><title>t</title><link rel="icon" href="data:,">';
const KEY = 'pk_WeHsNn87r4gtNc5BQT9Mj';

/** A page that is an import map and nothing else. */
async function page(t, { files = [], headers = {}, html = `${HEAD}${IMPORT_MAP}` } = {}) {
  const folder = await consumer(t, { files });
  await writeFile(path.join(folder, 'index.html'), html);
  return { folder, origin: await serve(t, folder, headers) };
}

test('every promise holds in Chromium', async (t) => {
  const { origin } = await page(t, { files: ['cases.mjs'] });
  const { page: tab, faults } = await open(await browser(t), `${origin}/`);
  const names = await tab.evaluate(async () => Object.keys((await import('/cases.mjs')).cases));
  assert.ok(names.length > 20);
  for (const name of names) {
    await t.test(name, () =>
      tab.evaluate(async (name) => {
        await (await import('/cases.mjs')).cases[name]();
      }, name));
  }
  assert.deepEqual(faults, []);
});

test('calls are made as they should in Chromium', async (t) => {
  const { origin } = await page(t, { files: ['calls.mjs'] });
  const { origin: base } = await api(t);
  const { page: tab } = await open(await browser(t), `${origin}/`);
  for (const name of await tab.evaluate(async () => Object.keys((await import('/calls.mjs')).calls))) {
    await t.test(name, () =>
      tab.evaluate(async ([name, origin]) => {
        await (await import('/calls.mjs')).calls[name](origin);
      }, [name, base]));
  }
});

test('on the wire there is the key, and nothing of the page', async (t) => {
  const { origin } = await page(t);
  const { origin: base, received } = await api(t);
  const tabs = await browser(t);
  const { page: tab } = await open(tabs, `${origin}/?customer=17#private`);
  await tab.context().addCookies([{ name: 'session', value: 'x', url: base }]);
  const outcome = await tab.evaluate(async ([key, baseUrl]) => {
    const { KeyGuard } = await import('keyguard');
    const guard = await KeyGuard.load(key, { baseUrl });
    const posted = await guard.fetch('/collect/payment_sessions', {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-test': 'y' }, body: '{"amount":4200}',
    });
    const form = new FormData();
    form.append('a', 'b');
    await guard.fetch('/form', { method: 'POST', body: form });
    await guard.fetch('/quiet', { referrerPolicy: 'no-referrer' });
    const redirected = await guard.fetch('/redirect').catch((error) => error.code);
    const aborted = await guard.fetch('/a', { signal: AbortSignal.abort() }).catch((error) => error.name);
    const secret = await guard.fetch('/a', { method: 'POST', body: 'sk_vYZCAeHawUqDCmVpEKh2U' }).catch((error) => error.code);
    return { status: posted.status, json: await posted.json(), redirected, aborted, secret };
  }, [KEY, base]);
  assert.deepEqual(outcome, { status: 200, json: { ok: true }, redirected: 'redirect-refused', aborted: 'AbortError', secret: 'secret-key' });
  assert.deepEqual(received.map(({ method, url }) => `${method} ${url}`), [
    'POST /collect/payment_sessions', 'POST /form', 'GET /quiet', 'GET /redirect',
  ]);
  for (const { headers } of received) {
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    assert.equal(headers.cookie, undefined);
    assert.equal(headers.origin, origin);
  }
  const [posted, form, quiet] = received;
  assert.equal(posted.body, '{"amount":4200}');
  assert.equal(posted.headers['x-test'], 'y');
  assert.equal(posted.headers.referer, `${origin}/`);
  assert.match(form.headers['content-type'], /^multipart\/form-data; boundary=/);
  assert.match(form.body, /name="a"\r\n\r\nb\r\n/);
  assert.equal(quiet.headers.referer, undefined);
});

test("frames' values are read as what they are", async (t) => {
  const { origin } = await page(t);
  const { page: tab } = await open(await browser(t), `${origin}/`);
  const codes = await tab.evaluate(async (key) => {
    const { KeyGuard } = await import('keyguard');
    const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;
    const baseUrl = 'https://api.example';
    const guard = await KeyGuard.load(frame.eval(JSON.stringify(key)), { baseUrl });
    const attempt = async (action) => {
      try {
        const result = await action();
        return result instanceof Request ? result.text() : 'loaded';
      } catch (error) {
        return error.code;
      }
    };
    const post = (body) => () => guard.request('/a', { method: 'POST', body });
    return [
      await attempt(() => KeyGuard.load(frame.eval(`new String(${JSON.stringify(key)})`), { baseUrl })),
      await attempt(post(frame.eval('new TextEncoder().encode("sk_vYZCAeHawUqDCmVpEKh2U")'))),
      await attempt(post(frame.eval('new TextEncoder().encode("x")'))),
      await attempt(post(frame.eval('new URLSearchParams("a=sk_vYZCAeHawUqDCmVpEKh2U")'))),
      await attempt(() => guard.request('/a', { headers: frame.eval('new Headers({ a: "sk_vYZCAeHawUqDCmVpEKh2U" })') })),
      await attempt(post(frame.eval('const form = new FormData(); form.append("a", "sk_vYZCAeHawUqDCmVpEKh2U"); form'))),
      await attempt(() => guard.fetch('/a', { method: 'POST', body: frame.eval('new Blob(["sk_vYZCAeHawUqDCmVpEKh2U"])') })),
      await attempt(() => guard.fetch('/a', { method: 'POST', body: frame.eval('new Blob(["x"]).stream()'), allowStream: true })),
      await attempt(() => guard.fetch('/a', { signal: frame.eval('AbortSignal.abort(new String("enough"))') }).catch((reason) => { throw { code: String(reason) }; })),
    ];
  }, KEY);
  assert.deepEqual(codes, [
    'not-a-string', 'secret-key', 'x', 'unreadable-body', 'secret-key', 'unreadable-body', 'unreadable-body', 'unreadable-body', 'enough',
  ]);
});

const PROGRAM = `
  import { KeyGuard, KeyGuardError } from '/node_modules/keyguard/index.js';
  const error = await KeyGuard.load('${KEY}', { baseUrl: 'https://api.example' }).then((guard) => guard.mode, (error) => error);
  document.title = error instanceof KeyGuardError ? error.code + '/' + error.cause.name : error;
`;

for (const [policy, title] of [
  ["default-src 'none'; script-src 'self' 'wasm-unsafe-eval'", 'live'],
  ["default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'; trusted-types 'none'", 'live'],
  ["default-src 'none'; script-src 'self'", 'wasm-unavailable/CompileError'],
]) {
  test(`policy "${policy}": ${title}`, async (t) => {
    const html = HEAD + '<script type="module" src="/main.js"></script>';
    const { folder, origin } = await page(t, { html, headers: { 'content-security-policy': policy } });
    await writeFile(path.join(folder, 'main.js'), PROGRAM);
    const { page: tab } = await open(await browser(t), `${origin}/`);
    await tab.waitForFunction(() => document.title !== 't');
    assert.equal(await tab.title(), title);
  });
}

test('a page downloads one file', async (t) => {
  const { folder, origin } = await page(t);
  const tabs = await browser(t);
  const { page: tab } = await open(tabs, `${origin}/`);
  const asked = [];
  tab.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await tab.evaluate(async (key) => {
    const { KeyGuard } = await import('keyguard');
    await KeyGuard.load(key, { baseUrl: 'https://api.example' });
  }, KEY);
  assert.deepEqual(asked, ['/node_modules/keyguard/index.js']);
  const module = await readFile(path.join(folder, 'node_modules/keyguard/index.js'));
  assert.ok(module.every((byte) => byte === 10 || (byte >= 32 && byte < 127)), 'ASCII, so that no charset breaks it');
});

/** Title of a page that loads the package in this way, once it is there. */
async function title(t, html, { headers, change } = {}) {
  const folder = await consumer(t);
  const root = path.join(folder, 'node_modules/keyguard');
  const digests = JSON.parse(await readFile(path.join(root, 'sri.json'), 'utf8'));
  await writeFile(path.join(folder, 'index.html'), HEAD + html.replace(/sha384-([\w.]+)/g, (_, name) => digests[name]));
  if (change) await writeFile(path.join(root, change), '\n', { flag: 'a' });
  const { page: tab } = await open(await browser(t), `${await serve(t, folder, headers)}/`);
  await tab.waitForFunction(() => document.title !== 't');
  return tab.title();
}

const SHOW = `.KeyGuard.load('${KEY}', { baseUrl: 'https://api.example' })
  .then((guard) => { document.title = guard.mode; }, (error) => { document.title = error.code; })`;
const SCRIPT = `<script src="/node_modules/keyguard/keyguard.min.js" integrity="sha384-keyguard.min.js"></script>
  <script>if (!window.keyguard) document.title = 'none'; else keyguard${SHOW};</script>`;
const MAP = `<script type="importmap">{ "imports": { "keyguard": "/node_modules/keyguard/index.js" },
  "integrity": { "/node_modules/keyguard/index.js": "sha384-index.js" } }</script>
  <script type="module">import('keyguard').then((keyguard) => keyguard${SHOW}, () => { document.title = 'none'; });</script>`;
const PRELOAD = `<link rel="modulepreload" href="/node_modules/keyguard/index.js" integrity="sha384-index.js">
  <script type="module">import('/node_modules/keyguard/index.js').then((keyguard) => keyguard${SHOW}, () => { document.title = 'none'; });</script>`;
const EXTERNAL = `<script type="module">import('/node_modules/keyguard/external.js').then((keyguard) => keyguard${SHOW});</script>`;

for (const [way, html, file, broken] of [
  ['a script', SCRIPT, 'keyguard.min.js', 'none'],
  ['a module of an import map', MAP, 'index.js', 'none'],
  ['a preloaded module', PRELOAD, 'index.js', 'none'],
  ['the module with its WebAssembly beside it', EXTERNAL, 'keyguard.wasm', 'wasm-unavailable'],
]) {
  test(`${way} is loaded, and only if it is the one that was built`, async (t) => {
    assert.equal(await title(t, html), 'live');
    assert.equal(await title(t, html, { change: file }), broken);
  });
}

test('WebAssembly beside the module keeps to the policy', async (t) => {
  const policy = (rest) => ({ 'content-security-policy': `default-src 'none'; script-src 'unsafe-inline' 'self' ${rest}` });
  assert.equal(await title(t, EXTERNAL, { headers: policy("'wasm-unsafe-eval'; connect-src 'self'") }), 'live');
  assert.equal(await title(t, EXTERNAL, { headers: policy("'wasm-unsafe-eval'") }), 'wasm-unavailable');
  assert.equal(await title(t, EXTERNAL, { headers: policy("; connect-src 'self'") }), 'wasm-unavailable');
});
