// The package as those who install it get it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import { TARBALL, consumer, program, run } from './harness.mjs';

const TSC = program('typescript/bin/tsc');

test('the types hold under the strictest settings', async (t) => {
  const folder = await consumer(t);
  const files = {
    'good.ts': `
      import {
        KeyGuard, KeyGuardError, ProblemError, type KeyGuardErrorCode, type KeyGuardEvent, type KeyGuardInit, type KeyGuardOptions,
      } from 'keyguard';
      const events: KeyGuardEvent[] = [];
      const options: KeyGuardOptions = {
        baseUrl: new URL('https://api.example'), mode: 'test', retries: 1, timeout: 5_000, environment: 'refuse', onEvent: (event) => events.push(event),
      };
      const guard: KeyGuard = await KeyGuard.load('pk_test_x', options);
      const mode: 'test' | 'live' = guard.mode;
      const init: KeyGuardInit = { method: 'POST', headers: { a: 'b' }, body: new Uint8Array(1), signal: AbortSignal.timeout(1) };
      const request: Request = guard.request('/a', init);
      const response: Response = await guard.fetch('/a');
      await guard.fetch('/a', { body: new FormData(), headers: new Headers(), retries: 0, timeout: 0 });
      await guard.fetch('/a', { method: 'POST', body: new Blob([]), idempotencyKey: null });
      await guard.fetch('/a', { method: 'POST', body: new ReadableStream<Uint8Array>(), allowStream: true });
      const session: unknown = await guard.json('/a', { method: 'POST', json: { amount: 4200 }, idempotencyKey: 'order-17' });
      export function told(error: unknown): string | number | undefined {
        return error instanceof ProblemError ? (error.code ?? error.retryAfter ?? error.response.status) : undefined;
      }
      export function explain(error: unknown): KeyGuardErrorCode | undefined {
        if (!(error instanceof KeyGuardError)) return undefined;
        switch (error.code) {
          case 'secret-key': case 'not-a-string': case 'malformed-key': case 'checksum': case 'wrong-mode': case 'wrong-environment': case 'invalid-options':
          case 'invalid-path': case 'invalid-init': case 'unreadable-body': case 'unverified-request': case 'redirect-refused': case 'timeout': case 'wasm-unavailable':
            return error.code;
          default: { const none: never = error.code; return none; }
        }
      }
      const cause: unknown = new Error('x', { cause: request }).cause;
      const asError: Error = undefined as unknown as KeyGuardError;
      console.log(mode, response, cause, asError, session);
    `,
    'bad.ts': `
      import { KeyGuard, KeyGuardError, type ProblemError } from 'keyguard';
      // @ts-expect-error made by load alone
      new KeyGuard();
      // @ts-expect-error made by the package alone
      new KeyGuardError();
      // @ts-expect-error needs a base URL
      const guard = await KeyGuard.load('pk_test_x', {});
      // @ts-expect-error a string
      await KeyGuard.load(1, { baseUrl: 'https://api.example' });
      // @ts-expect-error read only
      guard.mode = 'live';
      // @ts-expect-error cookies stay here
      guard.request('/a', { credentials: 'include' });
      // @ts-expect-error would drop the key
      guard.request('/a', { mode: 'no-cors' });
      // @ts-expect-error can't be read on the spot
      guard.request('/a', { body: new Blob([]) });
      // @ts-expect-error read asynchronously, if at all
      guard.request('/a', { body: new ReadableStream() });
      // @ts-expect-error nobody knows of what type it is
      const session: { id: string } = await guard.json('/a');
      // @ts-expect-error read only
      (await guard.json('/a').catch((error: ProblemError) => error) as ProblemError).status = 200;
      // @ts-expect-error one of three words
      await KeyGuard.load('pk_test_x', { baseUrl: 'https://api.example', environment: 'error' });
      // @ts-expect-error no such code
      export const wrong = (error: KeyGuardError) => error.code === 'secret';
    `,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  for (const [module, moduleResolution] of [['esnext', 'bundler'], ['nodenext', 'nodenext']]) {
    const tsconfig = {
      compilerOptions: {
        strict: true, skipLibCheck: false, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true,
        target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], module, moduleResolution,
      },
      files: Object.keys(files),
    };
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
    await run(process.execPath, [TSC, '-p', 'tsconfig.json'], folder);
  }
});

test('the types name every refusal of the core, and no other', async (t) => {
  const folder = await consumer(t);
  const types = await readFile(path.join(folder, 'node_modules/keyguard/index.d.ts'), 'utf8');
  const named = types.match(/KeyGuardErrorCode =([^;]*);/)[1].match(/'[^']*'/g).map((code) => code.slice(1, -1));
  const core = await readFile(new URL('../../src/page/refusal.rs', import.meta.url), 'utf8');
  const known = [...core.matchAll(/Self::\w+(?:\(_\))? => "([a-z-]+)",/g)].map(([, code]) => code);
  assert.ok(known.length >= 10);
  assert.deepEqual(named.toSorted(), [...known, 'redirect-refused', 'timeout', 'wasm-unavailable'].toSorted());
});

test('publint finds nothing', async (t) => {
  const folder = await consumer(t);
  await run(process.execPath, [program('publint/src/cli.js'), '--strict', path.join(folder, 'node_modules/keyguard')], folder);
});

test('arethetypeswrong finds nothing', async (t) => {
  const folder = await consumer(t);
  await run(process.execPath, [program('@arethetypeswrong/cli/dist/index.js'), TARBALL, '--profile', 'esm-only'], folder);
});

test('the tarball holds what it says, and nothing of the machine that built it', async (t) => {
  const folder = await consumer(t);
  const root = path.join(folder, 'node_modules/keyguard');
  assert.deepEqual((await readdir(root)).toSorted(), [
    'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'bin', 'external.d.ts', 'external.js', 'index.d.ts', 'index.js', 'keyguard.min.js', 'keyguard.wasm', 'package.json',
    'plugin', 'scan.d.ts', 'scan.js', 'scan.wasm', 'sri.json',
  ]);
  for (const name of ['index.js', 'external.js', 'keyguard.min.js', 'keyguard.wasm', 'scan.wasm']) {
    const module = await readFile(path.join(root, name), 'latin1');
    // The standard library's own paths are the same everywhere; to pages they would only be weight.
    const weight = name === 'scan.wasm' ? [] : ['/rustc/'];
    for (const trace of ['.cargo', 'registry/src', '/home/', '/root/', process.cwd(), ...weight]) {
      assert.equal(module.includes(trace), false, `${name}: ${trace}`);
    }
  }
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.scripts, undefined);
  // npm refuses a statement of provenance that names no repository, or another.
  assert.match(manifest.repository.url, /^git\+https:\/\/.+\.git$/);
  assert.equal(manifest.publishConfig.provenance, true);
});

test('the digests of Subresource Integrity are those of the files', async (t) => {
  const folder = await consumer(t);
  const root = path.join(folder, 'node_modules/keyguard');
  const digests = JSON.parse(await readFile(path.join(root, 'sri.json'), 'utf8'));
  assert.deepEqual(Object.keys(digests).toSorted(), ['external.js', 'index.js', 'keyguard.min.js', 'keyguard.wasm']);
  for (const [name, digest] of Object.entries(digests)) {
    const file = await readFile(path.join(root, name));
    assert.equal(digest, `sha384-${createHash('sha384').update(file).digest('base64')}`, name);
  }
});
