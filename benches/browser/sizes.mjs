// What a page downloads of a package: its JavaScript, bundled and minified, and the WebAssembly beside it, by brotli.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const here = import.meta.dirname;

/** What a page would write, and what is fetched when it runs. */
const PACKAGES = [
  { name: '@stripe/stripe-js', what: 'the loader, without the script that it loads', code: "export { loadStripe } from '@stripe/stripe-js'" },
  { name: 'xxhash-wasm', what: 'two hashes', code: "export { default } from 'xxhash-wasm'" },
  { name: 'es-module-lexer', what: 'a lexer of imports', code: "export { init, parse } from 'es-module-lexer'" },
  { name: 'hash-wasm', what: '`argon2id` alone', code: "export { argon2id } from 'hash-wasm'" },
  { name: 'web-tree-sitter', what: 'a parser, without a grammar', code: "export { Parser } from 'web-tree-sitter'", wasm: 'web-tree-sitter.wasm' },
  { name: 'sql.js', what: 'SQLite', code: "export { default } from 'sql.js'", wasm: 'dist/sql-wasm-browser.wasm' },
];

export async function sizes(keyguard, esbuild) {
  const { build } = createRequire(import.meta.url)(esbuild);
  const entry = await readFile(path.join(keyguard, 'index.js'));
  const { version } = JSON.parse(await readFile(path.join(keyguard, 'package.json')));
  const rows = [size('keyguard', version, 'all of it', [entry])];
  for (const { name, what, code, wasm } of PACKAGES) {
    const folder = path.join(here, 'node_modules', name);
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: here }, bundle: true, minify: true, format: 'esm', platform: 'browser',
      // What only Node would load.
      external: ['fs', 'fs/promises', 'module', 'path', 'crypto'], write: false, logLevel: 'error',
    });
    const files = [outputFiles[0].contents];
    if (wasm !== undefined) files.push(await readFile(path.join(folder, wasm)));
    const { version } = JSON.parse(await readFile(path.join(folder, 'package.json')));
    rows.push(size(name, version, what, files));
  }
  return rows;
}

function size(name, version, what, files) {
  const sum = (of) => files.reduce((sum, file) => sum + of(file), 0);
  return { name, version, what, bytes: sum((file) => file.length), brotli: sum((file) => brotliCompressSync(file).length) };
}
