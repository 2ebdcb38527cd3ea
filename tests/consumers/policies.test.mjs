// Pages under strict policies. What WebAssembly needs is one word in one of them.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startChromium, startFirefox } from '../browsers.mjs';
import { stopAll } from '../edge/harness.mjs';
import { assertPaid } from './harness/assert.mjs';
import { startDesk } from './harness/desk.mjs';
import { project } from './harness/project.mjs';
import { serveFolder } from './harness/serve.mjs';
import { vite } from './with/vite.mjs';

const BROWSERS = { Chromium: startChromium, Firefox: startFirefox };

for (const [browser, start] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let desk, started, visit, built;
    before(async () => {
      [desk, started, built] = await Promise.all([startDesk(), start(), project('policies', vite)]);
      visit = await desk.furnish(started);
    });
    after(() => stopAll(started, desk));

    /** Opens the shop under a policy. */
    async function shopUnder(t, scripts, further = '') {
      const policy = `default-src 'none'; script-src ${scripts}; connect-src ${desk.origin}${further}`;
      const site = await serveFolder(`${built}/dist`, { 'content-security-policy': policy });
      t.after(site.stop);
      const shop = desk.open();
      await visit(`${site.origin}/?${shop.query}`);
      return { shop, site, outcome: await shop.report() };
    }

    test("it pays under 'wasm-unsafe-eval'", async (t) => {
      const { shop, site, outcome } = await shopUnder(t, "'self' 'wasm-unsafe-eval'");
      assertPaid(shop, outcome, { origin: site.origin });
    });

    test('it pays where scripts are made of trusted types alone', async (t) => {
      const { shop, site, outcome } = await shopUnder(t, "'self' 'wasm-unsafe-eval'", "; require-trusted-types-for 'script'; trusted-types 'none'");
      assertPaid(shop, outcome, { origin: site.origin });
    });

    test("without 'wasm-unsafe-eval' nothing is loaded or sent, and the code says why", async (t) => {
      const { shop, outcome } = await shopUnder(t, "'self'");
      assert.equal(outcome.failed, 'wasm-unavailable');
      assert.deepEqual(shop.received, []);
    });
  });
}
