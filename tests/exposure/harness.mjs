// Real browsers, and pages of ours in them that say what became of their requests.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

import { within } from '../edge/harness.mjs';

const CHROMIUM = process.env.KEYGUARD_CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.KEYGUARD_FIREFOX ?? 'firefox';

/** Starts Chromium: `visit(url)` opens a page. */
export async function startChromium(further = []) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, ...further] });
  return {
    visit: async (url) => {
      const page = await browser.newPage();
      await page.goto(url);
      return page;
    },
    stop: () => browser.close(),
  };
}

/** Firefox, as it is installed: no driver is between it and the page, which has to speak for itself. */
export async function startFirefox() {
  const profile = await mkdtemp(path.join(tmpdir(), 'keyguard-firefox-'));
  const preferences = Object.entries(FIREFOX_PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(path.join(profile, 'user.js'), preferences.join(''));
  let child;
  const end = async () => {
    if (child === undefined) return;
    const exited = once(child, 'exit');
    // Its helpers too, which are of its group.
    process.kill(-child.pid, 'SIGKILL');
    await exited;
    child = undefined;
  };
  return {
    visit: async (url) => {
      await end();
      const options = ['--headless', '--no-remote', '--profile', profile, url];
      child = spawn(FIREFOX, options, { detached: true, stdio: 'ignore', env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' } });
      await once(child, 'spawn');
    },
    stop: async () => {
      await end();
      await rm(profile, { recursive: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/**
 * Serves the pages of this folder to both names of this machine, which are two sites: `run(browser, host, settings)` opens one
 * there and gives what it reports.
 */
export async function startPages() {
  const runs = new Map();
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const run = runs.get(searchParams.get('run'));
    if (pathname === '/') return answer(response, 'text/html', '<!doctype html><title>Shop</title><script type="module" src="/page.mjs"></script>');
    if (pathname === '/page.mjs') return answer(response, 'text/javascript', readFileSync(new URL('page/page.mjs', import.meta.url)));
    if (pathname === '/settings') return answer(response, 'application/json', JSON.stringify(run.settings));
    if (pathname === '/report') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      answer(response, 'text/plain', '');
      return run.resolve(JSON.parse(Buffer.concat(chunks)));
    }
    response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  let count = 0;
  return {
    origin: (host) => `http://${host}:${port}`,
    async run(browser, host, settings) {
      const id = String((count += 1));
      const { promise, resolve } = Promise.withResolvers();
      runs.set(id, { settings, resolve });
      await browser.visit(`http://${host}:${port}/?run=${id}`);
      return within(promise, "the page's report");
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server that any page may ask, and that keeps the headers which it got. */
export async function startWitness() {
  const received = [];
  const server = http.createServer((request, response) => {
    const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization', 'access-control-allow-methods': '*' };
    if (request.method !== 'OPTIONS') received.push(request.headers);
    response.writeHead(204, cors).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    received,
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A port at which nothing listens: it was free a moment ago. */
export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answer(response, type, body) {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}

const CHROMIUM_ARGUMENTS = [
  // Chromium's own sandbox needs rights that a container and root don't have; the pages are ours.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What keeps it to the page: no first-run pages, no network of its own. */
const FIREFOX_PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.healthreport.uploadEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'services.settings.server': 'data:,',
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.server': 'data:,',
};
