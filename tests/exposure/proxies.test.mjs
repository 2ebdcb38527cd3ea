// A page asks its own server, which adds the merchant's live secret key and passes the browser's headers on: that is no page with a
// secret key, whatever the proxy and however the page asks.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { policyFor, seed, startApi, startUpstream, stopAll } from '../accounts/harness.mjs';
import { startChromium } from '../browsers.mjs';
import { PROXIES } from './proxies.mjs';

/** A name that browsers trust with less than this machine's own. */
const PLAIN = 'shop.test';

const exempt = seed('secret', 'live', { id: 'key_exempt', browser_headers: true });
let chromium, upstream, edge, api, key;

before(async () => {
  upstream = await startUpstream();
  // A merchant who is taken for a page by mistake would be out of business.
  const cors = { origins: ['https://pay.example'] };
  const policy = policyFor(upstream.origin, { routes: [], cors, exposure: { live: 'revoke' } });
  ({ edge, api } = await startApi({ policy, seeds: [exempt] }));
  const account = await api.createAccount();
  key = account.keys.secret_live;
  await api.written(account.id);
  chromium = await startChromium([`--host-resolver-rules=MAP ${PLAIN} 127.0.0.1`]);
});
after(() => stopAll(chromium, edge, upstream));

/** Per way of asking, what it takes in a page, and what the browser says of it. */
const WAYS = {
  'fetch, GET': [(page) => page.evaluate(async () => (await fetch('/api/echo')).text()), 'same-origin', 'cors'],
  'fetch, POST of JSON': [
    (page) => page.evaluate(async () => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch('/api/echo', { method: 'POST', headers, body: '{"amount":100}', credentials: 'include' })).text();
    }),
    'same-origin', 'cors',
  ],
  'fetch, DELETE': [(page) => page.evaluate(async () => (await fetch('/api/echo', { method: 'DELETE' })).text()), 'same-origin', 'cors'],
  XMLHttpRequest: [
    (page) => page.evaluate(() => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('PUT', '/api/echo');
      request.onload = () => resolve(request.responseText);
      request.onerror = reject;
      request.send('x');
    })),
    'same-origin', 'cors',
  ],
  'a form': [
    async (page) => {
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/echo'));
      await page.evaluate(() => {
        document.body.innerHTML = '<form method="post" action="/api/echo"><input name="amount" value="100"></form>';
        document.forms[0].submit();
      });
      return (await answered).text();
    },
    'same-origin', 'navigate',
  ],
  'a link': [
    async (page) => {
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/echo'));
      await page.evaluate(() => {
        document.body.innerHTML = '<a href="/api/echo">receipt</a>';
        document.links[0].click();
      });
      return (await answered).text();
    },
    'same-origin', 'navigate',
  ],
  'an address that somebody types': [
    async (page) => (await page.goto(new URL('/api/echo', page.url()).href)).text(),
    'none', 'navigate',
  ],
};

for (const [name, start] of Object.entries(PROXIES)) {
  describe(name, () => {
    let shop;
    before(async () => {
      shop = await start({ api: edge.origin, key: key.key });
    });
    after(() => stopAll(shop));

    for (const [way, [ask, site, mode]] of Object.entries(WAYS)) {
      test(`allowed: ${way}`, async () => {
        const page = await chromium.visit(`http://127.0.0.1:${shop.port}/`);
        const answer = JSON.parse(await ask(page));
        await page.close();
        const headers = pairs(answer.rawHeaders ?? []);
        assert.equal(headers['keyguard-key-id'], key.id, JSON.stringify(answer));
        // That the browser's headers came all the way makes it a test.
        assert.deepEqual([headers['sec-fetch-site'], headers['sec-fetch-mode']], [site, mode]);
        assert.match(headers['user-agent'], /Chrome/);
      });
    }

    test('the key is active after all of it', async () => {
      assert.equal((await api.show(key)).status, 'active');
    });
  });
}

// A page's script can put a key on a request under CORS alone, and with this edge on pages that its policy lists: what comes from any other
// page came by way of the shop, whose own key it is.
describe("another site's page that leads to the shop", () => {
  const LEADS = {
    'by a link': (url) => location.assign(url),
    'by an image': (url) => { new Image().src = url; },
    'by a frame': (url) => { document.body.append(Object.assign(document.createElement('iframe'), { src: url })); },
    'by a fetch without CORS': (url) => { fetch(url, { mode: 'no-cors' }); },
    'by a fetch': (url) => { fetch(url).catch(() => {}); },
  };
  for (const [way, lead] of Object.entries(LEADS)) {
    test(`is refused, and the shop's key stays: ${way}`, async (t) => {
      // One of its own: what is known of a key is not reported again for a while.
      const { id, keys: { secret_live: own } } = await api.createAccount();
      await api.written(id);
      const shop = await PROXIES['nginx, as short as can be']({ api: edge.origin, key: own.key });
      t.after(shop.stop);
      const page = await chromium.visit(`http://localhost:${shop.port}/`);
      await page.evaluate(lead, `http://127.0.0.1:${shop.port}/api/echo`);
      const incident = await edge.lines.find((line) => line.event === 'exposure' && line.key_id === own.id);
      const refusal = await edge.verdict(incident.request_id);
      assert.equal(refusal.code, 'secret-key-in-browser');
      await page.close();
      // A fetch has an Origin, but one that could not have sent a key here itself.
      assert.deepEqual([incident.certain, incident.action], [way === 'by a fetch', 'refuse']);
      assert.equal((await edge.sendAs(own, { target: '/echo' })).status, 200);
      assert.equal((await api.show(own)).status, 'active');
    });
  }
});

// To an http address that is not this machine browsers send no Sec-Fetch-Site (Fetch Metadata §2), so that an Origin stands alone.
describe('a shop without https', () => {
  const start = PROXIES['nginx, as short as can be'];
  const post = async (shop) => {
    const page = await chromium.visit(`http://${PLAIN}:${shop.port}/`);
    const answer = await page.evaluate(async () => (await fetch('/api/echo', { method: 'POST', body: 'x' })).json());
    await page.close();
    return answer;
  };

  test('is taken for a page, which is not certain: its key stays', async (t) => {
    const shop = await start({ api: edge.origin, key: key.key });
    t.after(shop.stop);
    assert.equal((await post(shop)).code, 'secret-key-in-browser');
    const { action } = await edge.lines.find((line) => line.event === 'exposure' && line.key_id === key.id);
    assert.equal(action, 'refuse');
    assert.equal((await edge.sendAs(key, { target: '/echo' })).status, 200);
    assert.equal((await api.show(key)).status, 'active');
  });

  test('is allowed with a key that is exempt', async (t) => {
    const shop = await start({ api: edge.origin, key: exempt.key });
    t.after(shop.stop);
    const headers = pairs((await post(shop)).rawHeaders);
    assert.equal(headers['keyguard-key-id'], 'key_exempt');
    assert.deepEqual([headers['sec-fetch-site'], headers.origin], [undefined, `http://${PLAIN}:${shop.port}`]);
  });
});

function pairs(rawHeaders) {
  const headers = {};
  for (let index = 0; index < rawHeaders.length; index += 2) headers[rawHeaders[index].toLowerCase()] = rawHeaders[index + 1];
  return headers;
}
