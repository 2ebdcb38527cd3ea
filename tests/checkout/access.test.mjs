// Everybody can pay: by keyboard, with a screen reader, on a small phone, in the dark, without motion.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import axe from 'axe-core';

import { issueKeys, startShop } from './harness.mjs';

const keys = issueKeys();
let shop;
let visit;

before(async () => {
  shop = await startShop(keys);
});
after(() => shop?.stop());
afterEach(() => visit?.close());

async function open(options) {
  visit = await shop.open(options);
  return visit;
}

/** Each state that the page can be in, and how to bring it there. */
const STATES = {
  idle: async () => {},
  'at work': async ({ page }) => {
    await hold(page);
    await page.locator('#pay').click();
  },
  paid: ({ pay }) => pay(),
  'refused by the guard': async ({ payWith, pay }) => {
    await payWith(keys.secret.key);
    await pay();
  },
  'refused by the edge': async ({ payWith, pay }) => {
    await payWith(keys.revoked.key);
    await pay();
  },
  'without an answer': async ({ page, pay }) => {
    await page.context().setOffline(true);
    await pay();
  },
  'a good verdict': ({ check }) => check(keys.shop.key),
  'a bad verdict': ({ check }) => check(keys.secret.key),
  'a doubtful verdict': ({ check }) => check('no key'),
  'a request tried again': ({ experiment }) => experiment('A busy API', 'Answered 201'),
};

/** Leaves requests to the edge without an answer. */
const hold = (page) => page.route(`${shop.edge.origin}/**`, () => {});

describe('axe finds nothing', () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const [name, reach] of Object.entries(STATES)) {
      test(`${name}, ${colorScheme}`, async () => {
        // Halfway through an animation, colours are halfway too.
        const { page } = await open({ colorScheme, reducedMotion: 'reduce' });
        await reach(visit);
        await page.evaluate(axe.source);
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(
          violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]),
          [],
        );
        assert.ok(passes.some(({ id }) => id === 'color-contrast'));
      });
    }
  }
});

describe('a narrow page', () => {
  for (const [name, reach] of Object.entries(STATES)) {
    test(`does not scroll sideways at 320 pixels: ${name}`, async () => {
      const { page } = await open({ viewport: { width: 320, height: 640 } });
      await reach(visit);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    });
  }
});

describe('the keyboard', () => {
  const focused = (page) =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      const name = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText.split('\n')[0] ?? element.innerText.split('\n')[0];
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { name, hasRing: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
    });

  test('reaches everything, in the order in which it is read, with a ring around it', async () => {
    const { page } = await open();
    const stops = [];
    for (;;) {
      await page.keyboard.press('Tab');
      const { name, hasRing } = await focused(page);
      if (stops.includes(name) || page.url() === 'about:blank') break;
      if (name === '' || (await page.evaluate(() => document.activeElement === document.body))) break;
      assert.ok(hasRing, `no ring around ${name}`);
      stops.push(name);
    }
    assert.deepEqual(stops, [
      'Skip to payment', 'One lamp fewer', 'Quantity', 'One lamp more',
      'EUR', 'This shop’s publishable key', 'Pay €118.00',
      'API key', 'Show the key to check', 'Check', 'Shop’s key', 'Secret key', 'In disguise', 'Mistyped',
      'A busy API', 'A secret in the order', 'Another address', 'What this key may not',
    ]);
  });

  test('pays, and is taken to what came of it', async () => {
    const { page } = await open();
    const press = async (...presses) => {
      for (const key of presses) await page.keyboard.press(key);
    };
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Enter', 'Enter');
    await press('Tab', 'ArrowRight');
    assert.equal(await page.locator('#total').innerText(), '$384.00');
    await press('Tab', 'Tab', 'Enter');
    await page.locator('.receipt').waitFor();
    assert.ok(await page.locator('.receipt').evaluate((card) => card === document.activeElement));
    await press('Tab', 'Enter');
    await press('Tab');
    assert.equal((await focused(page)).name, 'USD');
  });

  test('tries a secret key, is told, and corrects it in place', async () => {
    const { page } = await open();
    await page.getByLabel('This shop’s publishable key').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.insertText(keys.secret.key);
    await page.keyboard.press('Enter');
    await page.locator('#outcome .notice').waitFor();
    const card = page.getByRole('group', { name: 'Secret key: never in a page' });
    assert.ok(await card.evaluate((one) => one === document.activeElement));
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(keys.shop.key);
    await page.keyboard.press('Enter');
    await page.locator('.receipt').waitFor();
  });

  test('skips to the payment', async () => {
    const { page } = await open();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal((await focused(page)).name, 'EUR');
  });
});

describe('an order', () => {
  test('has at least one lamp and at most nine', async () => {
    const { page } = await open();
    const quantity = page.getByLabel('Quantity', { exact: true });
    for (const [typed, taken] of [['0', '1'], ['-3', '1'], ['12', '9'], ['2.7', '2'], ['', '1'], ['4', '4']]) {
      await quantity.fill(typed);
      await quantity.blur();
      assert.equal(await quantity.inputValue(), taken, `after ${typed}`);
    }
    assert.equal(await page.locator('#total').innerText(), '€472.00');
  });

  test('asks for the key that is to pay before it is sent', async () => {
    const { page, sent } = await open();
    await page.getByLabel('Another key').check();
    const before = sent.length;
    await page.locator('#pay').click();
    assert.ok(await page.getByLabel('Key to pay with', { exact: true }).evaluate((field) => field === document.activeElement && !field.validity.valid));
    assert.equal(sent.length, before);
  });
});

describe('motion', () => {
  const running = async (reducedMotion) => {
    const { page } = await open({ reducedMotion });
    await hold(page);
    await page.locator('#pay').click();
    return page.evaluate(() => document.getAnimations().length);
  };

  test('is there for those who like it', async () => assert.notEqual(await running('no-preference'), 0));
  test('is not there for those who don’t', async () => assert.equal(await running('reduce'), 0));
});
