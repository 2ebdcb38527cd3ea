// What bundlers make of the package, in files.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';

import { project } from './harness/project.mjs';
import { esbuild } from './with/esbuild.mjs';
import { parcel } from './with/parcel.mjs';
import { rollup } from './with/rollup.mjs';
import { vite } from './with/vite.mjs';
import { webpack } from './with/webpack.mjs';

/** By the names of their projects elsewhere, which are built once. */
const BUNDLERS = { esbuild, 'Parcel 2': parcel, 'Rollup 4': rollup, 'Vite 8': vite, 'webpack 5': webpack };
/** A word of the package that no bundler shortens. */
const MARK = 'wasm-unavailable';
const UNUSED = "import 'keyguard';\ndocument.title = 'done';\n";

for (const [name, bundler] of Object.entries(BUNDLERS)) {
  describe(name, () => {
    test('nothing but scripts has to be served', async () => {
      const built = await emitted(await project(name, bundler));
      assert.deepEqual(Object.keys(built).map((file) => path.extname(file)).toSorted(), ['.html', '.js']);
      assert.equal(Object.values(built).filter((text) => text.includes(MARK)).length, 1);
    });

    test('nothing is left of it where nothing of it is used', async () => {
      const files = { ...bundler.files, 'main.js': UNUSED };
      const built = await emitted(await project(`${name} unused`, { ...bundler, files }));
      assert.deepEqual(Object.keys(built).filter((file) => built[file].includes(MARK)), []);
      assert.ok(Object.values(built).some((text) => text.includes('done')));
    });
  });
}

/** The files of a build, by name. */
async function emitted(folder) {
  const dist = path.join(folder, 'dist');
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [path.relative(dist, file), await readFile(file, 'latin1')])));
}
