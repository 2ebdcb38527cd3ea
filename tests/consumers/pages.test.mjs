// Pages that customers build: each loads the package, pays, and is refused with a secret key, in real browsers.

import { after, before, describe, test } from 'node:test';

import { startChromium, startFirefox } from '../browsers.mjs';
import { stopAll } from '../edge/harness.mjs';
import { assertPaid } from './harness/assert.mjs';
import { startDesk } from './harness/desk.mjs';
import esbuild from './with/esbuild.mjs';
import next from './with/next.mjs';
import parcel from './with/parcel.mjs';
import plain from './with/plain.mjs';
import react from './with/react.mjs';
import rollup from './with/rollup.mjs';
import serviceWorker from './with/service-worker.mjs';
import vite from './with/vite.mjs';
import vue from './with/vue.mjs';
import webpack from './with/webpack.mjs';
import worker from './with/worker.mjs';

const CONSUMERS = [plain, vite, webpack, rollup, esbuild, parcel, react, vue, next, worker, serviceWorker].flat();
const ENTRIES = ['keyguard', 'keyguard/external'];
const BROWSERS = { Chromium: startChromium, Firefox: startFirefox };

let desk;
const started = [];
const visits = {};
before(async () => {
  desk = await startDesk();
  for (const [name, start] of Object.entries(BROWSERS)) {
    const browser = await start();
    started.push(browser);
    visits[name] = await desk.furnish(browser);
  }
});
after(() => stopAll(...started, desk));

for (const { name, serve, shows, entries = ENTRIES } of CONSUMERS) {
  for (const entry of entries) {
    describe(`${name}, ${entry}`, () => {
      let site;
      before(async () => {
        site = await serve(entry);
      });
      after(() => stopAll(site));

      for (const browser of Object.keys(BROWSERS)) {
        test(`pays in ${browser}`, async () => {
          const shop = desk.open();
          await visits[browser](`${site.origin}/?${shop.query}&customer=17#private`);
          assertPaid(shop, await shop.report(), { origin: site.origin, shows });
        });
      }
    });
  }
}
