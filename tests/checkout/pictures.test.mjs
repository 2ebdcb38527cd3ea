// Every state of the page looks as its picture does. The README's pictures are among them.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { issueKeys, startShop } from './harness.mjs';
import { compare, difference, draw, isAlike } from './pictures.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PICTURES = path.join(ROOT, 'tests/checkout/pictures');
const FAILURES = path.join(ROOT, 'target/pictures');

const keys = issueKeys();
let shop;
let visit;

before(async () => {
  shop = await startShop(keys);
});
after(() => shop?.stop());
afterEach(() => visit?.close());

/** Opens the page so that it stands still, with room for fonts that its policy doesn't know. */
async function open(options) {
  visit = await shop.open({ colorScheme: 'light', reducedMotion: 'reduce', bypassCSP: true, viewport: { width: 1000, height: 800 }, ...options });
  return visit;
}

const PAYMENT = '.payment';
const VERDICT = '.key-check';
const DEVELOPER = '.developer';

/** Each picture: how the page comes to show it, which part of it is drawn, and how the page is opened. */
const STATES = {
  ready: { reach: async () => {} },
  'ready-dark': { reach: async () => {}, options: { colorScheme: 'dark' } },
  'ready-phone': { reach: async () => {}, options: { viewport: { width: 390, height: 800 } } },
  'at-work': {
    part: PAYMENT,
    reach: async ({ page }) => {
      await page.route(`${shop.edge.origin}/**`, () => {});
      await page.locator('#pay').click();
      await page.locator('[aria-busy="true"]').waitFor();
    },
  },
  stopped: {
    part: PAYMENT,
    reach: async ({ payWith, pay }) => {
      await payWith(keys.secret.key);
      await pay();
    },
  },
  refused: {
    part: PAYMENT,
    reach: async ({ payWith, pay }) => {
      await payWith(keys.revoked.key);
      await pay();
    },
  },
  unanswered: {
    part: PAYMENT,
    reach: async ({ page, pay }) => {
      await page.context().setOffline(true);
      await pay();
    },
  },
  'not-set-up': {
    part: PAYMENT,
    reach: async () => {},
    options: { before: (page) => page.route('**/config.json', (route) => route.fulfill({ status: 404 })) },
  },
  'verdict-good': { part: VERDICT, reach: ({ check }) => check(keys.shop.key) },
  'verdict-bad': { part: VERDICT, reach: ({ check }) => check(keys.secret.key) },
  'verdict-unsure': { part: VERDICT, reach: ({ check }) => check('no key') },
  'developer-retried': { part: DEVELOPER, reach: ({ experiment }) => experiment('A busy API', /201/) },
  'developer-retried-dark': {
    part: DEVELOPER,
    reach: ({ experiment }) => experiment('A busy API', /201/),
    options: { colorScheme: 'dark' },
  },
  'developer-retried-phone': {
    part: DEVELOPER,
    reach: ({ experiment }) => experiment('A busy API', /201/),
    options: { viewport: { width: 390, height: 800 } },
  },
  'developer-refused': {
    part: DEVELOPER,
    reach: async ({ experiment }) => {
      await experiment('A secret in the order', /secret/i);
      await experiment('Another address', /address/i);
      await experiment('What this key may not', /403/);
    },
  },
};

/** The README's, in docs/. */
const SHOWN = {
  checkout: {
    reach: async ({ page, pay }) => {
      await pay();
      await page.getByRole('button', { name: 'Secret key' }).click();
      await page.locator('#verdict .bad').waitFor();
      await page.getByRole('heading', { name: 'Payment session opened' }).waitFor();
    },
  },
};

describe('looks as pictured', () => {
  for (const [folder, states] of [[PICTURES, STATES], [path.join(ROOT, 'docs'), SHOWN]]) {
    for (const [name, { reach, part, options }] of Object.entries(states)) {
      test(name, async () => {
        await reach(await open(options));
        await compare(await draw(visit.page, part), path.join(folder, `${name}.png`), FAILURES);
      });
    }
  }
});

test('another word is another picture', async () => {
  const { page } = await open();
  const before = await draw(page, PAYMENT);
  assert.ok(isAlike(difference(before, await draw(page, PAYMENT))));
  await page.locator('#payment-title').evaluate((title) => {
    title.textContent = 'Repayment';
  });
  assert.ok(!isAlike(difference(before, await draw(page, PAYMENT))));
});
