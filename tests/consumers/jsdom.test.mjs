// The package in a customer's own tests, whose page is no browser's.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { JSDOM } from 'jsdom';

import { stopAll } from '../edge/harness.mjs';
import { assertPaid } from './harness/assert.mjs';
import { startDesk } from './harness/desk.mjs';
import { project } from './harness/project.mjs';
import { bundle } from './with/esbuild.mjs';

const MAIN = `
import { trade } from './trade.js';

globalThis.outcome = trade(globalThis.settings);
`;
let desk, script;
before(async () => {
  const build = (folder) => bundle(folder, 'main.js', 'iife');
  const [started, folder] = await Promise.all([startDesk(), project('jsdom', { files: { 'main.js': MAIN }, build })]);
  [desk, script] = [started, await readFile(`${folder}/dist/main.js`, 'utf8')];
});
after(() => stopAll(desk));

/** Runs the shop in a window, once that is prepared. */
async function trade(t, prepare) {
  const { window } = new JSDOM('<!doctype html>', { url: 'http://localhost/', runScripts: 'outside-only' });
  t.after(() => window.close());
  prepare(window);
  const shop = desk.open();
  window.settings = shop.settings;
  window.eval(script);
  // Of this realm, to be compared.
  return { shop, outcome: structuredClone(await window.outcome) };
}

/** What test runners lend: jsdom has no fetch, and Node's takes no signal but its own. */
const LENT = { fetch, Request, Response, ReadableStream, AbortController, AbortSignal };

test('it pays in jsdom that was lent what Node has of fetch', async (t) => {
  const { shop, outcome } = await trade(t, (window) => Object.assign(window, LENT));
  assertPaid(shop, outcome);
});

test('without WebAssembly nothing is loaded or sent, and the code says why', async (t) => {
  const { shop, outcome } = await trade(t, (window) => {
    Object.assign(window, LENT);
    delete window.WebAssembly;
  });
  assert.equal(outcome.failed, 'wasm-unavailable');
  assert.deepEqual(shop.received, []);
});
