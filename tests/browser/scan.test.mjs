// The package's scanner in Node, which is the core's in WebAssembly.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { consumer } from './harness.mjs';

test('scan', async (t) => {
  const folder = await consumer(t);
  const { scan, Stream, rules } = await import(pathToFileURL(path.join(folder, 'node_modules/keyguard/scan.js')));
  const KEY = 'sk_vYZCAeHawUqDCmVpEKh2U';
  const { cases } = JSON.parse(await readFile(new URL('../vectors/scan.json', import.meta.url)));

  await t.test('files read as the corpus says', () => {
    assert.ok(cases.length > 30);
    for (const { name, text, findings } of cases) {
      const found = scan(text, { confidence: 'possible' }).map(
        ({ rule, disguise, confidence, line, column }) => ({ rule, disguise, confidence, line, column }),
      );
      assert.deepEqual(found, findings, name);
    }
  });

  await t.test('pieces of any size give the same findings', () => {
    const whole = cases.map(({ text }) => text).join('\n');
    const bytes = new TextEncoder().encode(whole);
    for (const size of [1, 13, 1000]) {
      const stream = new Stream();
      const findings = [];
      for (let at = 0; at < bytes.length; at += size) findings.push(...stream.push(bytes.subarray(at, at + size)));
      findings.push(...stream.finish());
      assert.deepEqual(findings, scan(whole), `pieces of ${size}`);
      assert.throws(() => stream.push('more'), TypeError);
    }
  });

  await t.test('bytes and texts of every kind are taken, and nothing else', () => {
    const bytes = new TextEncoder().encode(`--${KEY}`);
    for (const content of [`--${KEY}`, bytes, Buffer.from(bytes), bytes.buffer, new DataView(bytes.buffer)]) {
      assert.equal(scan(content).length, 1);
    }
    assert.equal(scan(new Uint8Array(bytes.buffer, 6)).length, 0);
    for (const content of [undefined, null, 1, {}, []]) assert.throws(() => scan(content), TypeError);
    assert.throws(() => scan('', { confidence: 'sure' }), TypeError);
  });

  await t.test('confidence is chosen, and no finding shows a key', () => {
    assert.deepEqual(scan("'sk_internationalisation'"), []);
    const [finding] = scan("'sk_internationalisation'", { confidence: 'possible' });
    assert.equal(finding.confidence, 'possible');
    assert.deepEqual(scan(KEY, { confidence: 'certain' }), []);
    assert.ok(!JSON.stringify(scan(KEY)).includes(KEY.slice(3, 12)));
    assert.ok(rules().some(({ id }) => id === scan(KEY)[0].rule));
  });
});
