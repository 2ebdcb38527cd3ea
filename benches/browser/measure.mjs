// Measures the built package in Chromium, and prints one line of JSON: node measure.mjs PACKAGE ESBUILD PAGES ROUNDS SLICE STARTS

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { startChromium } from '../../tests/browsers.mjs';
import { sizes } from './sizes.mjs';

const [folder, esbuild] = process.argv.slice(2);
const [pages, rounds, slice, starts] = process.argv.slice(4).map(Number);
const here = import.meta.dirname;
const FILES = { '/keyguard.js': path.join(folder, 'index.js') };
for (const name of ['page.js', 'guard.js', 'secrets.js']) FILES[`/${name}`] = path.join(here, name);

/** Isolated, where Chromium's clock is of 5 µs and not of 100. */
const HEADERS = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

const server = createServer(async (request, response) => {
  if (request.url === '/') return response.writeHead(200, { ...HEADERS, 'content-type': 'text/html' }).end('<!doctype html><title>bench</title>');
  if (!Object.hasOwn(FILES, request.url)) return response.writeHead(404).end();
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/javascript' }).end(await readFile(FILES[request.url]));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}/`;

const browser = await startChromium();
/** Does something in a page that nothing was done in before, in a process of its own. */
async function inPage(action, ...given) {
  const page = await browser.visit(origin);
  try {
    return await page.evaluate(action, given);
  } finally {
    await page.context().close();
  }
}

const start = async (rest) => (await import('/page.js')).start(rest);
const result = { starts: [], requests: {}, sizes: await sizes(folder, esbuild) };
for (let page = 0; page < starts; page += 1) {
  // Chromium itself still starts a page's process for a while.
  const [atRest, atOnce] = [await inPage(start, 500), await inPage(start, 0)];
  result.starts.push({ ...atRest, at_once: atOnce.load });
}
for (let page = 0; page < pages; page += 1) {
  console.log(`page ${page + 1} of ${pages}`);
  const measured = await inPage(async (given) => (await import('/page.js')).requests(...given), rounds, slice);
  for (const [name, contenders] of Object.entries(measured)) {
    const kept = (result.requests[name] ??= {});
    for (const [contender, times] of Object.entries(contenders)) (kept[contender] ??= []).push(...times);
  }
}
result.chromium = await inPage(() => navigator.userAgent.match(/Chrome\/([\d.]+)/)[1]);
await browser.stop();
server.close();
console.log(JSON.stringify(result));
