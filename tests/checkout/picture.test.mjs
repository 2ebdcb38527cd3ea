// The README's picture of the page, from the page itself: KEYGUARD_SCREENSHOT names the file to write.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { issueKeys, startShop } from './harness.mjs';

const FILE = process.env.KEYGUARD_SCREENSHOT;
const LARGEST = 200 * 1024;

test('the picture shows a payment session and is small', { skip: !FILE && 'KEYGUARD_SCREENSHOT is not set' }, async () => {
  const shop = await startShop(issueKeys());
  try {
    const { page, pay } = await shop.open({ viewport: { width: 1000, height: 800 }, colorScheme: 'light', reducedMotion: 'reduce' });
    await pay();
    await page.getByRole('button', { name: 'Secret key' }).click();
    await page.locator('#verdict .bad').waitFor();
    await page.getByRole('heading', { name: 'Payment session opened' }).waitFor();
    await page.mouse.move(0, 0);
    const picture = await page.screenshot({ path: FILE, fullPage: true });
    assert.ok(picture.length <= LARGEST, `${picture.length} bytes`);
  } finally {
    await shop.stop();
  }
});
