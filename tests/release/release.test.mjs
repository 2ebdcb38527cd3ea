// What `cargo xtask release --dry-run` packed: its documents are valid, its digests right, and nothing is in it that is not said.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const FOLDER = process.env.KEYGUARD_RELEASE;
const read = (name) => readFileSync(join(FOLDER, name), 'utf8');
const files = () =>
  readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(FOLDER.length + 1));

describe('a bill of materials', () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  for (const name of ['worker', 'npm', 'cli']) {
    const document = () => JSON.parse(read(`${name}.cdx.json`));

    test(`is valid CycloneDX: ${name}`, async () => {
      assert.equal(await validator.validate(read(`${name}.cdx.json`)), null);
      const broken = document();
      broken.components[0].type = 'nonsense';
      assert.notEqual(await validator.validate(JSON.stringify(broken)), null, 'the validator finds what is wrong');
    });

    test(`has each crate once, with its licence and, from the registry, its digest: ${name}`, () => {
      const { components, dependencies, metadata } = document();
      const refs = components.map((one) => one['bom-ref']);
      assert.equal(new Set(refs).size, refs.length);
      for (const { name: crate, licenses, hashes } of components) {
        assert.ok(licenses?.[0].expression, crate);
        assert.ok(crate.startsWith('keyguard') || /^[0-9a-f]{64}$/.test(hashes?.[0].content), crate);
      }
      const known = new Set([...refs, metadata.component['bom-ref']]);
      for (const { ref, dependsOn } of dependencies) for (const one of [ref, ...dependsOn]) assert.ok(known.has(one), one);
      assert.equal(dependencies.length, known.size);
    });
  }

  test('holds what is compiled in, and no more', () => {
    const crates = (name) => JSON.parse(read(`${name}.cdx.json`)).components.map((one) => one.name);
    assert.ok(crates('worker').includes('sha2') && crates('worker').includes('worker'));
    assert.ok(crates('npm').includes('wasm-bindgen') && crates('npm').includes('aho-corasick') && !crates('npm').includes('worker'));
    for (const name of ['worker', 'npm']) {
      for (const tool of ['proptest', 'stateright', 'anyhow']) assert.ok(!crates(name).includes(tool), `${name}: ${tool}`);
    }
  });
});

test('every file has its digest, and it is right', () => {
  const sums = new Map(read('SHA256SUMS').trim().split('\n').map((line) => line.split(/ [ *]/).reverse()));
  assert.deepEqual([...sums.keys()].sort(), files().filter((name) => name !== 'SHA256SUMS').sort());
  for (const [name, sum] of sums) {
    assert.equal(createHash('sha256').update(readFileSync(join(FOLDER, name))).digest('hex'), sum, name);
  }
});

test('the tarball, the bundle, the tool and the licences are there, under one version', () => {
  const names = files();
  const [, version] = names.map((name) => /^keyguard-(.+)\.tgz$/.exec(name)).find(Boolean);
  assert.ok(names.some((name) => name.startsWith('worker/') && name.endsWith('.wasm')), names.join());
  for (const name of ['keyguard', 'LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(names.includes(name), name);
  const tarball = execFileSync('tar', ['-xzOf', join(FOLDER, `keyguard-${version}.tgz`), 'package/package.json']);
  assert.equal(JSON.parse(tarball).version, version);
  for (const name of ['worker', 'npm', 'cli']) {
    assert.equal(JSON.parse(read(`${name}.cdx.json`)).metadata.component.version, version);
  }
});

test('the digests by which pages pin files are those of the files in the tarball', () => {
  const tarball = join(FOLDER, files().find((name) => name.endsWith('.tgz')));
  const pinned = Object.entries(JSON.parse(read('sri.json')));
  assert.ok(pinned.length > 0);
  for (const [name, digest] of pinned) {
    const bytes = execFileSync('tar', ['-xzOf', tarball, `package/${name.replace(/^\.\//, '')}`]);
    assert.equal(`sha384-${createHash('sha384').update(bytes).digest('base64')}`, digest, name);
  }
});

test('no file names the machine that built it', () => {
  for (const name of files()) {
    const bytes = readFileSync(join(FOLDER, name), 'latin1');
    for (const path of [process.env.KEYGUARD_ROOT, process.env.HOME]) {
      assert.ok(!path || path === '/' || !bytes.includes(`${path}/`), `${name} holds ${path}`);
    }
  }
});
