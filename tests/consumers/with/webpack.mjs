import { project, run } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';

const BUILD = `
import { copyFileSync } from 'node:fs';
import { promisify } from 'node:util';
import webpack from 'webpack';

const compiler = webpack({ context: import.meta.dirname, mode: 'production', entry: './main.js', output: { filename: 'main.js' } });
const stats = await promisify((done) => compiler.run(done))();
if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
copyFileSync('index.html', 'dist/index.html');
`;

export const webpack = { files: { 'build.mjs': BUILD }, build: (folder) => run('build.mjs', [], folder) };

export default [{
  name: 'webpack 5',
  serve: async (entry) => serveFolder(`${await project('webpack 5', { entry, ...webpack })}/dist`),
}];
