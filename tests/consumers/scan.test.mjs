// What is built without the plugin for Vite: Rollup has its own, and `keyguard-scan` looks into whatever there is.

import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';

import { KEY, SECRET } from './harness/desk.mjs';
import { execute, installed, project, run, scanner } from './harness/project.mjs';
import { webpack } from './with/webpack.mjs';

const BODY = SECRET.slice(3);

describe('Rollup', () => {
  const files = {
    'rollup.config.js': `
import keyguard from 'keyguard/rollup';

export default { input: 'main.js', output: { dir: 'dist', sourcemap: true }, plugins: [keyguard()] };
`,
    'main.js': "import { key } from './keys.js';\n\nconsole.log(key);\n",
  };
  const build = (folder) => run(installed('rollup/dist/bin/rollup'), ['--config'], folder);
  const isBuilt = (folder) => access(path.join(folder, 'dist')).then(() => true, () => false);

  test('stops at a secret key, and names the module and the chunk', async () => {
    const folder = await project('rollup stopped', { files: { ...files, 'keys.js': `// Ours.\nexport const key = '${SECRET}';\n` } });
    const { message } = await build(folder).then(() => assert.fail('it was built'), (error) => error);
    for (const part of ['keys.js:2:21', 'main.js:2:14 of the bundle, from keys.js', 'main.js.map', 'sk_…Kh2U']) assert.ok(message.includes(part), `${part}: ${message}`);
    assert.equal(message.includes(BODY), false, 'the key is shown');
    assert.equal(await isBuilt(folder), false);
  });

  test('builds with a publishable key', async () => {
    const folder = await project('rollup built', { files: { ...files, 'keys.js': `export const key = '${KEY}';\n` } });
    await build(folder);
    assert.ok(await isBuilt(folder));
  });
});

describe('keyguard-scan', () => {
  let program, folder;
  before(async () => {
    program = await scanner();
    folder = await project('scan', { files: { ...webpack.files, 'main.js': `document.title = 'sk_' + '${BODY}';\n` }, build: webpack.build });
    await mkdir(path.join(folder, 'clean'), { recursive: true });
    await writeFile(path.join(folder, 'clean/main.js'), `document.title = '${KEY}';\n`);
  });
  /** Runs it as npx does. */
  const look = (...args) => execute(program, args, folder).then((output) => ({ code: 0, ...output }), ({ cause }) => cause);

  test('finds a key in what webpack built, says where, and does not show it', async () => {
    const { code, stdout } = await look('dist');
    assert.equal(code, 1);
    assert.match(stdout, /^dist\/main\.js:1:\d+: error: live secret key, likely.*\n    sk_…Kh2U  Rotate/);
    assert.equal(stdout.includes(BODY), false);
  });

  test('prints JSON for programs', async () => {
    const { code, stdout } = await look('--json', 'dist');
    assert.equal(code, 1);
    const { files, findings: [{ file, line, rule }], errors } = JSON.parse(stdout);
    assert.deepEqual([files, file, line, rule, errors], [2, 'dist/main.js', 1, 'keyguard-live-secret-key', []]);
    assert.equal(stdout.includes(BODY), false);
  });

  test('finds nothing where nothing is', async () => {
    assert.deepEqual(await look('clean'), { code: 0, stdout: '', stderr: 'no findings in 1 file\n' });
    const { code, stdout } = await look('--json', 'clean');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout).findings, []);
  });

  test('looks into what is compressed, and into no installed packages', async () => {
    const text = `key = "${SECRET}"\n`;
    for (const [file, content] of [['main.js.gz', gzipSync(text)], ['main.js.br', brotliCompressSync(text)], ['node_modules/a/index.js', text]]) {
      await mkdir(path.dirname(path.join(folder, 'packed', file)), { recursive: true });
      await writeFile(path.join(folder, 'packed', file), content);
    }
    const { code, stdout } = await look('packed');
    assert.equal(code, 1);
    assert.deepEqual(stdout.match(/^packed\S+/gm), ['packed/main.js.br:1:8:', 'packed/main.js.gz:1:8:']);
  });

  test('allows what it is told to', async () => {
    const { findings: [{ fingerprint }] } = JSON.parse((await look('--json', 'dist')).stdout);
    assert.equal((await look('--allow', fingerprint, 'dist')).code, 0);
  });

  test('says what it could not look at, and goes on', async () => {
    const { code, stdout, stderr } = await look('absent', 'dist');
    assert.equal(code, 2);
    assert.match(stderr, /absent: /);
    assert.match(stdout, /^dist\/main\.js/);
    const { errors, findings } = JSON.parse((await look('--json', 'absent', 'dist')).stdout);
    assert.deepEqual([errors.length, findings.length], [1, 1]);
  });

  test('a call without sense ends with how it is used', async () => {
    for (const args of [[], ['--all', 'dist'], ['--confidence', 'sure', 'dist'], ['--allow', SECRET, 'dist']]) {
      const { code, stderr } = await look(...args);
      assert.equal(code, 2);
      assert.match(stderr, /Usage: keyguard-scan/);
      assert.equal(stderr.includes(BODY), false);
    }
    assert.match((await look('--help')).stdout, /Exit codes/);
  });
});
