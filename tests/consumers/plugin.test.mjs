// The plugins: a build that would make a secret key public fails, says where the key is, and doesn't show it.

import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';

import { startChromium } from '../browsers.mjs';
import { KEY, SECRET } from './harness/desk.mjs';
import { installed, project, run } from './harness/project.mjs';
import { serveProgram } from './harness/serve.mjs';

const VITES = { 'Vite 8': 'vite', 'Vite 7': 'vite7' };
/** A secret key of the same account in test mode. */
const TEST_SECRET = SECRET.replace('sk_', 'sk_test_');

const config = (options = '', further = '') => `
import keyguard from 'keyguard/vite';

export default { plugins: [keyguard(${options})], ${further} };
`;
const SHOP = {
  'vite.config.js': config(),
  'main.js': `
import { KeyGuard } from 'keyguard';

const key = import.meta.env.VITE_SHOP_KEY;
KeyGuard.load(key, { baseUrl: 'https://api.example' }).then(({ mode }) => (document.title = mode));
`,
};

/** Builds a project with these files. */
async function build(name, files, { vite = 'vite', args = [], env = {} } = {}) {
  const folder = await project(`plugin ${name}`, { files: { ...SHOP, ...files } });
  // A project of an earlier run has its build.
  await rm(path.join(folder, 'dist'), { recursive: true, force: true });
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(folder, file), text);
  const failure = await run(installed(`${vite}/bin/vite.js`), ['build', ...args], folder, env).then(() => undefined, (error) => error.message);
  return { folder, failure, dist: await readdir(path.join(folder, 'dist')).catch(() => undefined) };
}

/** Checks that a build failed, for keys at these places, and that nothing came of it or was shown. */
function assertStopped({ failure, dist }, places, secret = SECRET) {
  for (const place of places) assert.ok(failure?.includes(place), `${place} is not in ${failure}`);
  assert.equal(failure.includes(secret.slice(3)), false, 'the key is shown');
  assert.match(failure, /secret key would be public/);
  assert.equal(dist, undefined);
}

for (const [name, vite] of Object.entries(VITES)) {
  test(`${name} stops at a secret key in a variable of the environment, and builds without it`, async () => {
    const stopped = await build(`${name} variable`, { '.env.production': `# Ours.\nVITE_SHOP_KEY=${SECRET}\n` }, { vite });
    assertStopped(stopped, ['.env.production:2:15', 'import.meta.env.VITE_SHOP_KEY', 'main.js:4:13', 'sk_…Kh2U', 'of the bundle, from main.js']);
    const built = await build(`${name} variable`, { '.env.production': `VITE_SHOP_KEY=${KEY}\n` }, { vite });
    assert.equal(built.failure, undefined);
    assert.ok(built.dist.includes('index.html'));
  });
}

test('a variable of the process counts as one of a file, used or not', async () => {
  assertStopped(await build('process', { 'main.js': '' }, { env: { VITE_UNUSED: SECRET } }), ['import.meta.env.VITE_UNUSED']);
});

test('a variable that Vite keeps from pages may be secret', async () => {
  const { failure } = await build('kept', { '.env': `SHOP_SECRET=${SECRET}\nVITE_SHOP_KEY=${KEY}\n` });
  assert.equal(failure, undefined);
});

describe('Vite stops at a secret key', () => {
  for (const [where, files, places] of [
    ['in a module', { 'main.js': `// Pays.\nconst a = 1, key = '${SECRET}';\nconsole.log(key);\n` }, ['main.js:2:21', 'of the bundle, from main.js']],
    ['in a module that is joined', { 'main.js': "console.log('sk_' + 'vYZCAeHawUqDCmVpEKh2U');\n" }, ['main.js:1:14']],
    ['in a comment, which no chunk has', { 'main.js': `// ${SECRET}\n` }, ['main.js:1:4']],
    ['in data', { 'main.js': "import data from './data.json'; console.log(data);", 'data.json': `{\n  "key": "${SECRET}"\n}\n` }, ['data.json:2:11']],
    ['in a page', { 'index.html': `<!doctype html>\n<meta name="key" content="${SECRET}">\n` }, ['index.html:2:27 of the bundle']],
    ['in a public file', { 'main.js': '', 'public/settings.json': `{"key":"${SECRET}"}` }, ['public/settings.json:1:9']],
    ['in a definition', { 'vite.config.js': config('', `define: { __KEY__: JSON.stringify('${SECRET}') }`), 'main.js': 'console.log(__KEY__);' }, ['main.js:1:13', '__KEY__']],
    [
      'in a whole environment that is defined',
      { 'vite.config.js': config('', `define: { 'process.env': { SHOP_SECRET: '${SECRET}' } }`), 'main.js': 'console.log(process.env.SHOP_SECRET);' },
      ['main.js:1:13', 'process.env.SHOP_SECRET'],
    ],
    [
      'that another plugin puts in',
      {
        'vite.config.js': config('', '').replace('plugins: [', `plugins: [{ name: 'other', transform: (code) => code.replace('KEY', '${SECRET}') }, `),
        'main.js': "console.log('KEY');",
      },
      ['of the bundle, from main.js'],
    ],
  ]) {
    test(where, async () => assertStopped(await build(where, files), places));
  }
});

test('Vite stops at a test key, too', async () => {
  assertStopped(await build('test key', { 'main.js': `console.log('${TEST_SECRET}');` }), ['sk_test_…Kh2U']);
});

test('publishable keys and other words are no secret', async () => {
  const { failure } = await build('others', { 'main.js': `console.log('${KEY}', 'task_vYZCAeHawUqDCmVpEKh2U', 'risk_vYZCAeHawUqDCmVpEKh2U');` });
  assert.equal(failure, undefined);
});

test('what is built for a server may have secrets', async () => {
  const { failure } = await build('server', { 'server.js': `export const key = '${SECRET}';` }, { args: ['--ssr', 'server.js'] });
  assert.equal(failure, undefined);
});

test('a finding is allowed by the fingerprint that the report names', async () => {
  const files = { 'main.js': `console.log('${SECRET}');` };
  const { failure } = await build('allowed', files);
  const [, fingerprint] = failure.match(/allow: \['([0-9a-f]{32})'\]/);
  const allowed = await build('allowed', { ...files, 'vite.config.js': config(`{ allow: ['${fingerprint}'] }`) });
  assert.equal(allowed.failure, undefined);
});

test("other vendors' keys count unless they are left out", async () => {
  const files = { 'main.js': "console.log('sk_live_' + '4eC39HqLyjWDarjtT1zdp7dc');" };
  assertStopped(await build('vendors', files), ['main.js:1:14', 'Stripe'], '4eC39HqLyjWDarjtT1zdp7dc');
  const left = await build('vendors', { ...files, 'vite.config.js': config('{ vendors: false }') });
  assert.equal(left.failure, undefined);
});

test('what is less severe is a warning', async () => {
  const files = { 'vite.config.js': config("{ severity: 'error' }"), 'main.js': `console.log('${TEST_SECRET}');` };
  const folder = await project('plugin warning', { files: { ...SHOP, ...files } });
  const { stdout, stderr } = await run(installed('vite/bin/vite.js'), ['build'], folder);
  assert.match(stdout + stderr, /main\.js:1:14/);
  assert.equal((stdout + stderr).includes(SECRET.slice(3)), false);
});

test('an option that is no option ends the build, and a key in one is not shown', async () => {
  for (const [options, words] of [['{ allowed: [] }', 'no option allowed'], [`{ allow: ['${SECRET}'] }`, 'fingerprints'], ["{ severity: 'high' }", 'severity is one of'], ["{ confidence: 'sure' }", 'confidence']]) {
    const { failure } = await build('options', { 'vite.config.js': config(options) });
    assert.ok(failure?.includes(words), `${options}: ${failure}`);
  }
});

test('in development the page is not served, and shows why', async (t) => {
  const folder = await project('plugin development', { files: SHOP });
  // Also after an earlier run, which ends with the right key.
  await writeFile(path.join(folder, '.env.local'), `VITE_SHOP_KEY=${SECRET}\n`);
  const site = await serveProgram(installed('vite/bin/vite.js'), ['--host', '127.0.0.1', '--port', '0'], folder);
  t.after(site.stop);
  const response = await fetch(`${site.origin}/main.js`);
  assert.equal(response.status, 500);
  assert.equal((await response.text()).includes(SECRET.slice(3)), false);
  const chromium = await startChromium();
  t.after(chromium.stop);
  const page = await chromium.visit(`${site.origin}/`);
  const shown = await page.locator('vite-error-overlay .message').textContent();
  assert.match(shown, /\.env\.local:1:15/);
  assert.equal((await page.content()).includes(SECRET.slice(3)), false);
  // Written again where Vite wasn't watching yet.
  for (let tries = 1; ; tries += 1) {
    await writeFile(path.join(folder, '.env.local'), `VITE_SHOP_KEY=${KEY}\n`);
    const isThere = page.waitForFunction(() => document.title === 'test', undefined, { timeout: 3_000 });
    if (await isThere.then(() => true, (error) => tries > 10 && assert.fail(error))) break;
  }
});
