import { project } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';
import { vite } from './vite.mjs';

const FILES = {
  'main.js': `
import { report, settings } from './desk.js';

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => report(data);
worker.onerror = ({ message }) => report({ failed: message });
worker.postMessage(await settings());
`,
  'worker.js': `
import { trade } from './trade.js';

onmessage = async ({ data }) => postMessage(await trade(data));
`,
};

export default [{
  name: 'a Web Worker',
  serve: async (entry) => serveFolder(`${await project('a Web Worker', { entry, files: FILES, ...vite })}/dist`),
}];
