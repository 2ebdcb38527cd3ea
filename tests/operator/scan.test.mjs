// `keyguard scan` beside others' work: its SARIF read by OASIS's schema, and the code of real packages looked through.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';

const CLI = path.resolve(process.env.KEYGUARD_CLI ?? fileURLToPath(new URL('../../target/debug/keyguard', import.meta.url)));
const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));
const KEY = 'sk_vYZCAeHawUqDCmVpEKh2U';

const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-scan-'));
after(() => rmSync(folder, { recursive: true }));

function scan(...args) {
  return new Promise((resolve) => {
    execFile(CLI, ['scan', ...args], { cwd: folder, maxBuffer: 1 << 28 }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, stdout }));
  });
}

/** The errors that the schema of SARIF 2.1.0 has for a document. */
const errors = (() => {
  const schema = readFileSync(path.join(MODULES, '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'), 'utf8');
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats(ajv);
  const validate = ajv.compile(JSON.parse(schema));
  return (document) => (validate(document) ? [] : validate.errors);
})();

test('SARIF is what the schema wants, whatever is found and wherever', async () => {
  mkdirSync(path.join(folder, 'a b/ü#?'), { recursive: true });
  const write = (name, content) => writeFileSync(path.join(folder, name), content);
  write('a b/ü#?/plain.js', `'${KEY}'`);
  write('escaped.js', `"\\x73${KEY.slice(1)}"`);
  write('wide.txt', Buffer.from(` ${KEY}`, 'utf16le'));
  write('packed.js.gz', gzipSync(`'${KEY}'`));
  write('map.js.map', JSON.stringify({ version: 3, sources: ['../src/a.ts'], sourcesContent: [`k = '${KEY}'`], mappings: '' }));
  write('google.html', `<script>g("AIzaSyD4ab-Cd1Ef2Gh3Ij4Kl5Mn6Op7Qr8St9U")</script>`);
  write('words.js', `'sk_internationalisation'`);
  write('broken.gz', gzipSync(`'${KEY}'`.repeat(100)).subarray(0, 30));

  const { code, stdout } = await scan('.', '--sarif', '--confidence', 'possible');
  const document = JSON.parse(stdout);
  assert.equal(code, 1);
  assert.deepEqual(errors(document), []);
  // How much can be read of a broken archive is up to the decoder.
  const inBroken = ({ locations: [{ physicalLocation }] }) => physicalLocation.artifactLocation.uri.startsWith('broken');
  assert.equal(document.runs[0].results.filter((result) => !inBroken(result)).length, 7);
  const levels = new Set(document.runs[0].results.map(({ level }) => level));
  assert.deepEqual([...levels].sort(), ['error', 'note']);

  const missing = await scan('missing.js', '--sarif');
  assert.equal(missing.code, 2);
  assert.deepEqual(errors(JSON.parse(missing.stdout)), []);
  assert.notDeepEqual(errors({ ...document, runs: [{ results: [] }] }), [], 'the schema refuses something');
});

test('no alarm is raised by the code of installed packages', async () => {
  const { stdout } = await scan(MODULES, '--no-ignore', '--json');
  const { files, errors, findings } = JSON.parse(stdout);
  assert.ok(files > 3_000, `${files} files`);
  assert.deepEqual(errors, []);
  // miniflare serves its own https from a key that everybody may have; it is one.
  const alarms = findings.filter(({ rule, file }) => rule !== 'private-key' || !file.includes('miniflare'));
  assert.deepEqual(alarms, []);
});
