// Pages that send a secret key, in real browsers: they are refused, whatever way they take, and on two sites.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  PROBLEMS, assertRefused, policyFor, seed, startApi, startEdge, startUpstream, stopAll, until,
} from '../accounts/harness.mjs';
import { startChromium, startFirefox } from '../browsers.mjs';
import { startPages, startWitness } from './harness.mjs';

const BROWSERS = { Chromium: startChromium, Firefox: startFirefox };
/** Where the page is, seen from the edge at 127.0.0.1: ports don't tell sites apart. */
const SITES = { 'cross-site': 'localhost', 'same-site': '127.0.0.1' };

const secret = seed('secret', 'live', { id: 'key_secret' });
const publishable = seed('publishable', 'live', { id: 'key_publishable' });
const routes = [{ method: 'GET', path: '/echo' }];
const browsers = {};
let pages, upstream, witness, edge, quarantining, api;

before(async () => {
  [pages, upstream, witness] = await Promise.all([startPages(), startUpstream(), startWitness()]);
  const cors = { origins: Object.values(SITES).map(pages.origin), headers: ['content-type'] };
  edge = await startEdge({ policy: policyFor(upstream.origin, { routes, cors }), seeds: [secret, publishable] });
  const policy = policyFor(upstream.origin, { routes, cors, exposure: { live: 'quarantine' } });
  ({ edge: quarantining, api } = await startApi({ policy }));
  for (const [name, start] of Object.entries(BROWSERS)) browsers[name] = await start();
});
after(() => stopAll(...Object.values(browsers), edge, quarantining, upstream, witness, pages));

const run = (browser, host, at, keys) =>
  pages.run(browsers[browser], host, { edge: at.origin, witness: witness.origin, ...keys });

for (const browser of Object.keys(BROWSERS)) {
  for (const [site, host] of Object.entries(SITES)) {
    describe(`${browser}, ${site}`, () => {
      let results, sent;
      before(async () => {
        await upstream.clear();
        witness.received.length = 0;
        results = await run(browser, host, edge, { secret: secret.key, publishable: publishable.key });
        [sent] = witness.received;
      });

      test('the page is what it is to be', () => {
        assert.deepEqual([sent['sec-fetch-site'], sent.origin], [site, pages.origin(host)]);
        assert.match(sent['user-agent'], new RegExp(browser === 'Firefox' ? 'Firefox' : 'Chrome'));
        assert.deepEqual(results['a publishable key, by fetch'], { status: 200 });
      });

      test('a secret key is refused, and the page can read why', () => {
        const [status] = PROBLEMS['secret-key-in-browser'];
        const by = Object.entries(results).filter(([name]) => name.startsWith('by '));
        assert.equal(by.length, 8);
        for (const [name, result] of by) assert.deepEqual(result, { status, code: 'secret-key-in-browser' }, name);
      });

      test('a secret key in the query is refused', () => {
        assert.deepEqual(results['in the query, as a simple request'], { status: 400, code: 'invalid-request' });
      });

      test("a method of no route doesn't leave the browser", () => {
        assert.match(results['with a method of no route'].error, /^TypeError/);
      });

      test('the API gets what the publishable key asked, and nothing else', async () => {
        const keys = (await upstream.received()).map(({ headers }) => new Headers(headers).get('keyguard-key-id'));
        assert.deepEqual(keys, ['key_publishable']);
      });

      test('a live secret key is out of use from then on', async () => {
        const { id, keys: { secret_live: own, publishable_live: other } } = await api.createAccount();
        const use = (key) => quarantining.sendAs(key, { target: '/echo' });
        await api.written(id);
        assert.equal((await use(own)).status, 200);
        const reported = await run(browser, host, quarantining, { secret: own.key, publishable: other.key });
        assert.equal(reported['by fetch'].code, 'secret-key-in-browser');
        const { exposed } = await until(async () => {
          const shown = await api.show(own);
          return shown.status === 'exposed' && shown;
        }, 'the quarantine');
        await api.written(id);
        assertRefused(await use(own), 'key-exposed');
        assert.equal((await use(other)).status, 200);
        assert.deepEqual([exposed.channel, exposed.place], ['browser', pages.origin(host)]);
      });
    });
  }
}
