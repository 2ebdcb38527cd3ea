// The package on a server that renders pages: it does nothing there until it is asked.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { stopAll } from '../edge/harness.mjs';
import { assertPaid } from './harness/assert.mjs';
import { startDesk } from './harness/desk.mjs';
import next from './with/next.mjs';

let desk, site;
before(async () => {
  [desk, site] = await Promise.all([startDesk(), next[0].serve('keyguard')]);
});
after(() => stopAll(site, desk));

test('Next.js renders a page that imports it, and no WebAssembly starts', async () => {
  const html = await (await fetch(site.origin)).text();
  assert.match(html, /<output data-compiled="0"><\/output>/);
});

test("Next.js pays from its server's own code", async () => {
  const shop = desk.open();
  const response = await fetch(`${site.origin}/trade`, { method: 'POST', body: JSON.stringify(shop.settings) });
  assertPaid(shop, await response.json());
});
