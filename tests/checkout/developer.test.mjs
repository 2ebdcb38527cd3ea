// What the guard did is told in plain words, and is what the network saw.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { values } from '../edge/harness.mjs';
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

async function open(options) {
  visit = await shop.open(options);
  return visit;
}

const titles = () => visit.page.locator('.event h3').allInnerTexts();
const names = () => visit.page.locator('.event .facts div', { hasText: 'Idempotency-Key' }).locator('dd').allInnerTexts();
const toEdge = () => visit.sent.filter(({ url, method }) => url.startsWith(shop.edge.origin) && method !== 'OPTIONS');

test('a payment is a request and its answer, under the name that the API received', async () => {
  const { page, pay } = await open();
  assert.ok(await page.locator('#no-events').isVisible());
  await pay();
  assert.deepEqual(await titles(), ['Sent POST /collect/payment_sessions', 'Answered 201']);
  const [received] = await shop.upstream.received();
  assert.deepEqual(await names(), values(received.headers, 'idempotency-key'));
  assert.ok(await page.locator('#no-events').isHidden());
});

test('a busy API is asked again under one name, and does it once', async () => {
  const { experiment } = await open();
  await experiment('A busy API', 'Answered 201');
  const waits = (await titles()).filter((title) => /^Trying again in \d+\.\d s$/.test(title));
  assert.equal(waits.length, 2);
  assert.deepEqual(
    (await titles()).filter((title) => !waits.includes(title)),
    ['Sent POST /collect/payment_sessions', 'Answered 503', 'Sent again: try 2', 'Answered 503', 'Sent again: try 3', 'Answered 201'],
  );
  const received = (await shop.upstream.received()).map(({ headers }) => values(headers, 'idempotency-key').join());
  assert.equal(received.length, 3);
  assert.equal(new Set(received).size, 1);
  assert.deepEqual(new Set(await names()), new Set(received));
});

test('what the guard refuses is told, and not sent', async () => {
  const { experiment } = await open();
  await experiment('A secret in the order', 'Secret key: never in a page');
  await experiment('Another address', 'Another address');
  assert.deepEqual(toEdge(), []);
  assert.ok((await visit.page.locator('.event').allInnerTexts()).every((text) => text.includes('Nothing was sent')));
});

test('a key that may not load is told of too', async () => {
  const { payWith, pay } = await open();
  await payWith(keys.secret.key);
  await pay();
  assert.deepEqual(await titles(), ['Secret key: never in a page']);
});

test('what the edge refuses is told with the id that its log has', async () => {
  const { experiment, page } = await open();
  await experiment('What this key may not', 'Answered 403');
  const id = await page.locator('.event .facts div', { hasText: 'Request id' }).locator('dd').innerText();
  assert.equal((await shop.edge.verdict(id)).code, 'insufficient-scope');
});

test('a lost connection is told', async () => {
  const { page, pay } = await open();
  await page.context().setOffline(true);
  await pay();
  assert.ok((await titles()).includes('The connection was lost'));
});

test('no event shows a key, and the list can be cleared', async () => {
  const { page, experiment, payWith, pay } = await open();
  await experiment('A secret in the order', 'Secret key');
  await payWith(keys.liveSecret.key);
  await pay();
  const shown = await page.locator('.developer').innerText();
  assert.doesNotMatch(shown, /[sp]k_(test_)?[0-9A-Za-z]{8}/);
  await page.getByRole('button', { name: 'Clear' }).click();
  assert.deepEqual(await titles(), []);
  assert.ok(await page.locator('#no-events').isVisible());
});
