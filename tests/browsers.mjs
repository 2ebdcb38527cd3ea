// Real browsers of the machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

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
      const started = spawn(FIREFOX, options, { detached: true, stdio: 'ignore', env: { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' } });
      await once(started, 'spawn');
      child = started;
    },
    stop: async () => {
      await end();
      await rm(profile, { recursive: true, maxRetries: 10, retryDelay: 100 });
    },
  };
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
  '--disable-popup-blocking',
];

/** What keeps it to the page: no first-run pages, no network of its own. Pages may open others. */
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
  'dom.disable_open_during_load': false,
  'extensions.getAddons.cache.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'services.settings.server': 'data:,',
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.server': 'data:,',
};
