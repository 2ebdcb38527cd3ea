import { copyFile } from 'node:fs/promises';

import { installed, project, run, withWasm } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';

const CONFIG = `
import { nodeResolve } from '@rollup/plugin-node-resolve';

export default { input: 'main.js', output: { dir: 'dist' }, plugins: [nodeResolve({ browser: true })] };
`;

export const rollup = {
  files: { 'rollup.config.js': CONFIG },
  async build(folder) {
    await run(installed('rollup/dist/bin/rollup'), ['--config', '--failAfterWarnings'], folder);
    await copyFile(`${folder}/index.html`, `${folder}/dist/index.html`);
  },
};

export default [{
  name: 'Rollup 4',
  serve: async (entry) => serveFolder(`${await project('Rollup 4', { entry, ...withWasm(rollup, entry) })}/dist`),
}];
