// The examples of docs/browser.md, taken out of the page as they stand there: each pays, and says why when it is refused.

import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { startChromium } from '../browsers.mjs';
import { stopAll } from '../edge/harness.mjs';
import { KEY, SECRET, startDesk } from './harness/desk.mjs';
import { project } from './harness/project.mjs';
import { serveFolder } from './harness/serve.mjs';
import { vite } from './with/vite.mjs';

const PAGE = new URL('../../docs/browser.md', import.meta.url);
const text = await readFile(PAGE, 'utf8');
const examples = Object.fromEntries(
  Array.from(text.matchAll(/^```(html|js|jsx|vue)\n(.*?)^```$/gms), ([, language, text]) => [text.includes('vite.config.js') ? 'config' : language, text]),
);

const SETTINGS = "const { apiKey, apiUrl } = await (await fetch('config.json')).json();\nconst order = { amount: 4200, currency: 'EUR' };\n";
const ROOT = '<!doctype html>\n<title>Checkout</title>\n<div id="shop"></div>\n<script type="module" src="./main.EXTENSION"></script>\n';
/** The page's own settings of Vite, with a framework's plugin. */
const plugin = (name) =>
  `import plugin from '@vitejs/plugin-${name}';\n${examples.config.replace('plugins: [', 'plugins: [plugin(), ')}`;

/** Each makes a folder to serve. */
const SHOPS = {
  'a plain page': async () => {
    const folder = await project('example of a plain page', { files: { 'index.html': examples.html, 'pay.js': examples.js } });
    await copyFile(path.join(folder, 'node_modules/keyguard/index.js'), path.join(folder, 'keyguard.js'));
    return folder;
  },
  React: async () => {
    const files = {
      'index.html': ROOT.replace('EXTENSION', 'jsx'),
      'pay-button.jsx': examples.jsx,
      'main.jsx': `import { createRoot } from 'react-dom/client';
        import { PayButton } from './pay-button.jsx';
        ${SETTINGS}
        createRoot(document.getElementById('shop')).render(<PayButton apiKey={apiKey} apiUrl={apiUrl} order={order} />);\n`,
      'vite.config.js': plugin('react'),
    };
    return `${await project('example of React', { ...vite, files })}/dist`;
  },
  Vue: async () => {
    const files = {
      'index.html': ROOT.replace('EXTENSION', 'js'),
      'pay-button.vue': examples.vue,
      'main.js': `import { createApp } from 'vue';
        import PayButton from './pay-button.vue';
        ${SETTINGS}
        createApp(PayButton, { apiKey, apiUrl, order }).mount('#shop');\n`,
      'vite.config.js': plugin('vue'),
    };
    return `${await project('example of Vue', { ...vite, files })}/dist`;
  },
};

/** The page's own line for a Content Security Policy, for this API. */
const policy = (origin) => /^Content-Security-Policy: (.+)$/m.exec(text)[1].replace('https://api.example.com', origin);

let desk;
let browser;
before(async () => {
  desk = await startDesk();
  browser = await startChromium();
});
after(() => stopAll(browser, desk));

for (const [name, make] of Object.entries(SHOPS)) {
  describe(name, () => {
    /** What the page shows once somebody has pressed Pay. */
    const outcome = async (apiKey) => {
      const folder = await make();
      const { settings, received } = desk.open();
      await writeFile(path.join(folder, 'config.json'), JSON.stringify({ apiKey, apiUrl: settings.baseUrl }));
      const site = await serveFolder(folder, { 'content-security-policy': policy(desk.origin) });
      const page = await browser.visit('about:blank');
      const faults = [];
      page.on('pageerror', (error) => faults.push(error.message));
      try {
        await page.goto(`${site.origin}/`);
        await page.locator('#pay').click();
        await page.locator('#outcome', { hasText: /./ }).waitFor();
        return { shown: await page.locator('#outcome').innerText(), received, faults };
      } finally {
        await page.close();
        await site.stop();
      }
    };

    test('pays', async () => {
      const { shown, received, faults } = await outcome(KEY);
      assert.equal(shown, 'Payment session ps_1');
      // The desk is busy at first.
      const payment = ['POST', { amount: 4200, currency: 'EUR' }];
      assert.deepEqual(received.map(({ method, body }) => [method, JSON.parse(body)]), [payment, payment]);
      assert.deepEqual(faults, []);
    });

    test('sends nothing with a secret key', async () => {
      const { shown, received, faults } = await outcome(SECRET);
      assert.match(shown, /^Not sent: .*secret key/);
      assert.deepEqual([received, faults], [[], []]);
    });
  });
}
