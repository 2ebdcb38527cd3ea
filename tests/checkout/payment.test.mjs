// A visitor pays, or is told why not, and the network and the upstream bear witness.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { issueKey, mistyped, names, values } from '../edge/harness.mjs';
import { issueKeys, startShop } from './harness.mjs';

const keys = issueKeys();
let shop;
let visit;

before(async () => {
  shop = await startShop(keys);
});
after(() => shop?.stop());
afterEach(async () => {
  await visit?.close();
  await shop.upstream.clear();
});

/** Opens the page; what it does wrong fails the test. */
async function open(options) {
  visit = await shop.open(options);
  return visit;
}

const toEdge = () => visit.sent.filter(({ url }) => url.startsWith(shop.edge.origin));
const outcome = () => visit.page.locator('#outcome').innerText();
const verdict = () => visit.page.locator('#verdict').innerText();

/** The value beside a term of what came of a payment. */
const fact = (term) => visit.page.locator('#outcome .facts div', { has: visit.page.getByText(term, { exact: true }) }).locator('dd').innerText();

async function assertNothingSent() {
  assert.deepEqual(toEdge(), []);
  assert.deepEqual(await shop.upstream.received(), []);
  // Not to the edge, and nowhere else either, in no spelling.
  const everything = JSON.stringify(visit.sent).toLowerCase();
  for (const { key } of Object.values(keys)) assert.ok(!everything.includes(bodyOf(key).toLowerCase()), 'a request holds a key');
}

const bodyOf = (key) => key.split('_').at(-1);

describe('a payment session', () => {
  test('is opened with the publishable key, for the amount that the page shows', async () => {
    const { page, pay, faults } = await open();
    await page.getByRole('button', { name: 'One lamp more' }).click();
    await page.getByRole('radio', { name: 'GBP' }).check();
    assert.equal(await page.locator('#total').innerText(), '£198.00');
    await pay();

    assert.match(await outcome(), /Payment session opened\s+£198\.00/);
    assert.match(await fact('Session'), /^ps_[0-9a-f]{32}$/);
    assert.equal(await fact('Amount in minor units'), '19800 GBP');
    assert.equal(await fact('Mode'), 'test');
    assert.equal(await fact('Account'), 'acct_demo');
    // That a preflight is seen here is what makes its absence elsewhere a proof.
    assert.deepEqual(toEdge().map(({ method }) => method).sort(), ['OPTIONS', 'POST']);
    const [request, ...others] = await shop.upstream.received();
    assert.deepEqual([request.method, request.url, others.length], ['POST', '/collect/payment_sessions', 0]);
    assert.ok(!names(request.headers).includes('authorization'));
    assert.deepEqual(values(request.headers, 'keyguard-key-id'), [keys.shop.record.id]);
    assert.deepEqual(faults, []);
  });

  test('in yen has no hundredths', async () => {
    const { page, pay } = await open();
    await page.getByRole('radio', { name: 'JPY' }).check();
    await pay();
    assert.match(await outcome(), /¥18,800/);
    assert.equal(await fact('Amount in minor units'), '18800 JPY');
  });

  test('is opened in the mode of the key that pays', async () => {
    const { payWith, pay } = await open();
    await payWith(keys.live.key);
    await pay();
    assert.equal(await fact('Mode'), 'live');
  });

  test('can be followed by another, under another idempotency key', async () => {
    const { page, pay } = await open();
    await pay();
    await page.getByRole('button', { name: 'Start another payment' }).click();
    await pay();
    const sent = (await shop.upstream.received()).map(({ headers }) => values(headers, 'idempotency-key')[0]);
    assert.equal(new Set(sent).size, 2);
  });

  test('is asked for once, however often Pay is pressed', async () => {
    const { page } = await open();
    const held = Promise.withResolvers();
    await page.route(`${shop.edge.origin}/**`, async (route) => {
      await held.promise;
      await route.continue();
    });
    const button = page.locator('#pay');
    await button.click();
    assert.equal(await button.innerText(), 'Opening a session…');
    assert.equal(await page.locator('#pay-form').getAttribute('aria-busy'), 'true');
    assert.equal(await page.locator('#progress').innerText(), 'Opening a payment session');
    await button.click();
    await page.keyboard.press('Enter');
    held.resolve();
    await page.locator('.receipt').waitFor();
    assert.equal((await shop.upstream.received()).length, 1);
  });
});

describe('a secret key', () => {
  const disguises = {
    'a test key': () => keys.secret.key,
    'a live key': () => keys.liveSecret.key,
    'in capitals': () => keys.secret.key.toUpperCase(),
    'URL-encoded': () => keys.secret.key.replaceAll('_', '%5F'),
    'in quotes and blanks': () => ` "${keys.liveSecret.key}" `,
  };
  for (const [name, disguise] of Object.entries(disguises)) {
    test(`is refused before anything is sent: ${name}`, async () => {
      const { page, payWith, pay, faults } = await open();
      await payWith(disguise());
      await pay();
      assert.match(await outcome(), /Stopped in this page · nothing was sent\s+Secret key: never in a page/);
      assert.equal(await fact('Code'), 'secret-key');
      await assertNothingSent();
      // Neither shown nor kept: it is in its field alone.
      const shown = (await page.content()).toLowerCase();
      for (const { key } of [keys.secret, keys.liveSecret]) assert.ok(!shown.includes(bodyOf(key).toLowerCase()));
      const kept = await page.evaluate(async () => [
        localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length, (await caches.keys()).length,
      ]);
      assert.deepEqual(kept, [0, 0, '', 0, 0]);
      assert.deepEqual(faults, []);
    });
  }
});

describe('a refusal of the edge', () => {
  const refusals = {
    'key-revoked': [() => keys.revoked.key, 403, 'API key revoked'],
    'key-expired': [() => keys.expired.key, 403, 'API key expired'],
    'invalid-key': [() => issueKey('publishable', 'test'), 400, 'Invalid API key'],
  };
  for (const [code, [key, status, title]] of Object.entries(refusals)) {
    test(`is shown with its title, detail, code and request id: ${code}`, async () => {
      const { payWith, pay, faults } = await open();
      await payWith(key());
      await pay();
      assert.ok((await outcome()).startsWith(`Refused · ${status}\n`), await outcome());
      const verdict = await shop.edge.verdict(await fact('Request id'));
      assert.deepEqual([verdict.status, verdict.code], [status, code]);
      assert.ok((await outcome()).includes(`\n${title}\n`), await outcome());
      assert.equal(await fact('Code'), code);
      assert.deepEqual(await shop.upstream.received(), []);
      assert.deepEqual(faults, []);
    });
  }

  /** Opens the page before an edge that answers with this alone. */
  const openWithAnswer = (status, contentType, body) =>
    open({
      before: (page) =>
        page.route(`${shop.edge.origin}/**`, (route) =>
          route.fulfill({ status, contentType, body, headers: { 'access-control-allow-origin': '*' } }),
        ),
    });

  test('that is no problem document is still a refusal', async () => {
    for (const [status, type, body] of [
      [520, 'text/html', '<h1>down</h1>'],
      [503, 'application/problem+json', 'null'],
      [201, 'application/json', '{"id":"ps_1"}'],
    ]) {
      const { pay, close, faults } = await openWithAnswer(status, type, body);
      await pay();
      const eyebrow = status === 201 ? 'Not understood' : `Refused · ${status}`;
      assert.match(await outcome(), new RegExp(`^${eyebrow}\\s+The API answered in a way`));
      assert.deepEqual(faults, []);
      await close();
    }
  });

  test('is shown as text, whatever is in it', async () => {
    const title = '<img src=x onerror=alert(1)>';
    const { pay, faults } = await openWithAnswer(403, 'application/problem+json', JSON.stringify({ title, detail: 7 }));
    await pay();
    assert.ok((await outcome()).includes(title));
    assert.deepEqual(faults, []);
  });
});

describe('without an answer', () => {
  test('the page says so, and a second try asks for the same order', async () => {
    const { page, pay, sent } = await open();
    await page.context().setOffline(true);
    await pay();
    assert.match(await outcome(), /No connection\s+The payment API can’t be reached/);
    await page.context().setOffline(false);
    await page.locator('#pay').click();
    await page.locator('.receipt').waitFor();
    const posts = sent.filter(({ method }) => method === 'POST').map(({ headers }) => new Headers(headers).get('idempotency-key'));
    // The guard had tried again by itself, too.
    assert.ok(posts.length >= 2);
    assert.equal(new Set(posts).size, 1);
  });
});

describe('the panel', () => {
  const verdicts = {
    'a publishable test key': [() => keys.shop.key, /Publishable key: safe in a page[^]*test mode/],
    'a publishable live key': [() => keys.live.key, /Publishable key: safe in a page[^]*live mode/],
    'a secret key': [() => keys.secret.key, /Secret key: never in a page[^]*secret-key/],
    'a secret key within other text': [() => `const key = '${keys.liveSecret.key}';`, /Secret key: never in a page[^]*secret-key/],
    'a mistyped key': [() => mistyped(keys.shop.key), /Mistyped key[^]*checksum/],
    'no key': [() => 'correct horse battery staple', /Not an API key[^]*malformed-key/],
  };
  for (const [name, [key, expected]] of Object.entries(verdicts)) {
    test(`tells ${name}, and sends nothing`, async () => {
      const { check, sent, faults } = await open();
      const before = sent.length;
      await check(key());
      assert.match(await verdict(), expected);
      assert.equal(sent.length, before);
      assert.deepEqual(faults, []);
    });
  }

  test('has samples for each verdict', async () => {
    const { page } = await open();
    const titles = [];
    for (const sample of await page.locator('#samples .sample').all()) {
      await sample.click();
      titles.push(await page.locator('#verdict h3').innerText());
      await page.getByLabel('API key', { exact: true }).fill('');
    }
    assert.deepEqual(titles, [
      'Publishable key: safe in a page', 'Secret key: never in a page', 'Secret key: never in a page', 'Mistyped key',
    ]);
  });

  test('hides the key until it is asked to show it', async () => {
    const { page, check } = await open();
    await check(keys.secret.key);
    const mask = () => page.getByLabel('API key', { exact: true }).evaluate((field) => getComputedStyle(field).getPropertyValue('-webkit-text-security'));
    assert.equal(await mask(), 'disc');
    const toggle = page.getByRole('button', { name: 'Show the key to check' });
    await toggle.click();
    assert.equal(await mask(), 'none');
    assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
    await toggle.click();
    assert.equal(await mask(), 'disc');
  });

  test('forgets the key when the page is left', async () => {
    const { page, check } = await open();
    await check(keys.secret.key);
    await page.goto('about:blank');
    await page.goBack();
    assert.equal(await page.getByLabel('API key', { exact: true }).inputValue(), '');
  });
});

describe('the page', () => {
  test('can reach the edge and itself alone, and runs no inline script', async () => {
    const { page, faults } = await open();
    const reaches = (url) => page.evaluate((target) => fetch(target, { mode: 'no-cors' }).then(() => true, () => false), url);
    assert.equal(await reaches(shop.edge.origin), true);
    assert.deepEqual(faults, []);
    assert.equal(await reaches(shop.upstream.origin), false);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.head.append(script);
    });
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.ok(faults.includes('connect-src') && faults.includes('script-src-elem'), faults.join());
  });

  test('has one policy, in its header and in itself', async () => {
    const { page } = await open();
    const header = (await page.request.get(shop.origin)).headers()['content-security-policy'];
    const meta = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    assert.equal(header, `${meta}; frame-ancestors 'none'`);
    assert.equal(
      meta,
      `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self' ${shop.edge.origin}; base-uri 'none'; form-action 'self'`,
    );
  });

  test('is the only one', async () => {
    const { page } = await open();
    assert.equal((await page.request.get(`${shop.origin}/absent.json`)).status(), 404);
  });

  test('takes no payment where the guard can’t start', async () => {
    const before = (page) =>
      page.route(`${shop.origin}/`, async (route) => {
        const response = await route.fetch();
        const without = (text) => text.replaceAll("'wasm-unsafe-eval'", '').replaceAll('&#39;wasm-unsafe-eval&#39;', '');
        const policy = without(response.headers()['content-security-policy']);
        await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': policy }, body: without(await response.text()) });
      });
    const { pay } = await open({ before });
    assert.equal(await fact('Code'), 'wasm-unavailable');
    await pay();
    assert.equal(await fact('Code'), 'wasm-unavailable');
    await assertNothingSent();
  });

  test('says that it is not set up without its configuration', async () => {
    const { page } = await open({ before: (one) => one.route('**/config.json', (route) => route.fulfill({ status: 404 })) });
    assert.match(await outcome(), /This shop can’t take payments yet/);
    assert.ok(await page.locator('#pay').isDisabled());
  });
});
