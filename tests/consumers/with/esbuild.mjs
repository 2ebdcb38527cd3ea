import { copyFile } from 'node:fs/promises';

import { installed, project, run, withWasm } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';

/** Bundles one file into dist. */
export const bundle = (folder, file, format = 'esm') =>
  run(installed('esbuild/bin/esbuild'), [file, '--bundle', '--minify', `--format=${format}`, '--outdir=dist', '--log-level=warning'], folder);

export const esbuild = {
  async build(folder) {
    await bundle(folder, 'main.js');
    await copyFile(`${folder}/index.html`, `${folder}/dist/index.html`);
  },
};

export default [{
  name: 'esbuild',
  serve: async (entry) => serveFolder(`${await project('esbuild', { entry, ...withWasm(esbuild, entry) })}/dist`),
}];
