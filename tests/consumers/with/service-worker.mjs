import { copyFile } from 'node:fs/promises';

import { project } from '../harness/project.mjs';
import { serveFolder } from '../harness/serve.mjs';
import { bundle } from './esbuild.mjs';

const FILES = {
  'main.js': `
import { report, settings } from './desk.js';

const { promise, resolve } = Promise.withResolvers();
navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
await navigator.serviceWorker.register('/worker.js');
const { active } = await navigator.serviceWorker.ready;
active.postMessage(await settings());
await report(await promise);
`,
  'worker.js': `
import { trade } from './trade.js';

addEventListener('message', (event) => event.waitUntil(trade(event.data).then((outcome) => event.source.postMessage(outcome))));
`,
};

// A classic script, for browsers whose service workers can't be modules: it has no address of its own to find a file by.
export default [{
  name: 'a Service Worker',
  entries: ['keyguard'],
  async serve(entry) {
    const build = async (folder) => {
      await bundle(folder, 'main.js');
      await bundle(folder, 'worker.js', 'iife');
      await copyFile(`${folder}/index.html`, `${folder}/dist/index.html`);
    };
    return serveFolder(`${await project('a Service Worker', { entry, files: FILES, build })}/dist`);
  },
}];
