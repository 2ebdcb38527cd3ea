// The shop as it runs: the checkout page built from the package's tarball, served under its own policy, in the
// system's Chromium, in front of the real edge and the demo upstream.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

import { policyFor, seed, startEdge, startUpstream } from '../edge/harness.mjs';

const WWW = fileURLToPath(new URL('../../www/', import.meta.url));
const TARBALL = path.resolve(process.env.KEYGUARD_TGZ ?? path.join(WWW, 'pkg/keyguard.tgz'));
const CHROMIUM = process.env.KEYGUARD_CHROMIUM ?? '/usr/bin/chromium';

/** Starts all of it, with the shop's `keys` in the edge's store. `stop` ends all of it. */
export async function startShop(keys) {
  const stops = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const { port, release } = await holdPort();
    stops.push(release);
    const origin = `http://localhost:${port}`;
    const upstream = await startUpstream();
    stops.push(upstream.stop);
    const cors = { origins: [origin], headers: ['idempotency-key'] };
    const edge = await startEdge({
      policy: policyFor(upstream.origin, { cors }),
      seeds: Object.values(keys).filter(({ entry }) => entry),
    });
    stops.push(edge.stop);

    const folder = await mkdtemp(path.join(tmpdir(), 'keyguard-checkout-'));
    stops.push(() => rm(folder, { recursive: true }));
    const environment = { ...process.env, KEYGUARD_EDGE_ORIGIN: edge.origin, KEYGUARD_PAGE_PORT: String(port), NO_COLOR: '1' };
    const page = await buildPage(folder, environment);
    await writeFile(path.join(page, 'dist/config.json'), JSON.stringify({ edge: edge.origin, key: keys.shop.key }));
    await release();
    stops.push(await servePage(page, environment));

    const browser = await chromium.launch({ executablePath: CHROMIUM, args: BROWSER_ARGUMENTS });
    stops.push(() => browser.close());
    return { origin, upstream, edge, stop, open: (options) => openPage(browser, `${origin}/`, options) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The keys of a shop and of those who try theirs. */
export function issueKeys() {
  const past = 1_760_000_001;
  return {
    shop: seed('publishable', 'test'),
    live: seed('publishable', 'live'),
    secret: seed('secret', 'test'),
    liveSecret: seed('secret', 'live'),
    revoked: seed('publishable', 'test', { revoked: { at: past, reason: 'left the company' } }),
    expired: seed('publishable', 'test', { expires_at: past }),
  };
}

/** Builds as a fresh clone does, in a folder of its own, so that no other build is disturbed. */
async function buildPage(folder, environment) {
  const page = path.join(folder, 'checkout');
  const isOurs = (name) => !['node_modules', 'dist'].includes(path.basename(name));
  await cp(path.join(WWW, 'checkout'), page, { recursive: true, filter: isOurs });
  await mkdir(path.join(folder, 'pkg'));
  await copyFile(TARBALL, path.join(folder, 'pkg/keyguard.tgz'));
  const options = { cwd: page, env: environment };
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], options);
  await promisify(execFile)(process.execPath, [VITE, 'build'], options);
  return page;
}

async function servePage(page, environment) {
  const child = spawn(process.execPath, [VITE, 'preview'], { cwd: page, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const ready = async () => {
    for await (const line of createInterface(child.stdout)) if (line.includes('http://localhost')) return;
    throw new Error('the page is not served: vite preview ended');
  };
  await ready();
  return async () => {
    child.kill();
    await exited;
  };
}

/**
 * Opens the page in a browser of its own, with everything that it sends in `sent` (preflights too) and everything
 * that went wrong in `faults`.
 */
async function openPage(browser, url, { before = () => {}, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const sent = [];
  const faults = [];
  const devtools = await context.newCDPSession(page);
  devtools.on('Network.requestWillBeSent', ({ request }) => sent.push(request));
  await devtools.send('Network.enable');
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  await context.exposeBinding('keyguardTestViolation', (source, directive) => faults.push(directive));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => globalThis.keyguardTestViolation(event.effectiveDirective));
  });
  await before(page);
  await page.goto(url);
  // The page has asked the guard about its own key by then, or said why it can't.
  await page.locator('#mode:not([hidden]), #outcome > *').first().waitFor();
  return {
    page,
    sent,
    faults,
    close: () => context.close(),
    /** Presses Pay and waits for what comes of it. */
    pay: async () => {
      await page.locator('#pay').click();
      await page.locator('#outcome > *').waitFor();
    },
    /** Chooses another key to pay with. */
    payWith: async (key) => {
      await page.getByLabel('Another key').check();
      await page.getByLabel('Key to pay with', { exact: true }).fill(key);
    },
    /** Asks the panel about a key. */
    check: async (key) => {
      await page.getByLabel('API key', { exact: true }).fill(key);
      await page.getByRole('button', { name: 'Check', exact: true }).click();
      await page.locator('#verdict > *').waitFor();
    },
    /** Has the developer's view try something, and waits for an event of that title. */
    experiment: async (label, title) => {
      await page.getByRole('button', { name: label, exact: true }).click();
      await page.locator('.event h3', { hasText: title }).first().waitFor();
    },
  };
}

/** A port that nobody else gets before `release`: the edge has to know the page's origin long before the page is served. */
async function holdPort() {
  const server = createServer();
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address();
  const release = async () => {
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return { port, release };
}

/** What the page does takes milliseconds; a busy machine may take longer. */
const PATIENCE_MS = 15_000;

const VITE = 'node_modules/vite/bin/vite.js';

const BROWSER_ARGUMENTS = [
  // Chromium's own sandbox needs rights that a container and root don't have; the pages are ours.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
