// docs/operate.md, run as it stands there: the tool, the edge in its real runtime, an upstream.
// KEYGUARD_UPDATE_DOCS=1 writes what was printed into the document.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { PUBLISHED_PUBLISHABLE, PUBLISHED_SECRET, digest, entryOf, issueCredential, policyFor, startEdge } from '../accounts/harness.mjs';
import { startUpstream } from '../edge/harness/upstream.mjs';
import { steps, walk } from './walk.mjs';

const CLI = path.resolve(process.env.KEYGUARD_CLI ?? fileURLToPath(new URL('../../target/debug/keyguard', import.meta.url)));
const DOCUMENT = new URL('../../docs/operate.md', import.meta.url);

const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-operate-'));
const credential = issueCredential();
let edge;
let upstream;

before(async () => {
  upstream = await startUpstream();
  const policy = policyFor(upstream.origin, {
    accept_foreign_keys: true, exposure: { live: 'quarantine' }, leaks: { presented: true },
  });
  edge = await startEdge({ policy, admin: entryOf('ops', credential) });
  mkdirSync(path.join(folder, 'bin'));
  symlinkSync(CLI, path.join(folder, 'bin/keyguard'));
  writeFileSync(path.join(folder, 'config.toml'), `[env.local]\nurl = "${edge.origin}"\n`);
  const rows = [
    { account: 'acct_seed', digest: digest(PUBLISHED_SECRET), kind: 'secret', mode: 'live' },
    { account: 'acct_seed', digest: digest(PUBLISHED_PUBLISHABLE), kind: 'publishable', mode: 'live' },
  ];
  writeFileSync(path.join(folder, 'keys.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
});

after(async () => {
  await edge?.stop();
  await upstream?.stop();
  rmSync(folder, { recursive: true });
});

test('docs/operate.md says what its commands print', async (t) => {
  const text = readFileSync(DOCUMENT, 'utf8');
  const env = {
    PATH: `${path.join(folder, 'bin')}:${process.env.PATH}`,
    HOME: folder,
    EDGE: edge.origin,
    KEYGUARD_CONFIG: path.join(folder, 'config.toml'),
    KEYGUARD_CREDENTIAL: credential,
    KEYGUARD_ACTOR: 'alice@example.com',
  };
  const walked = await walk(steps(text), { cwd: folder, env });
  if (process.env.KEYGUARD_UPDATE_DOCS) {
    const left = walked[Symbol.iterator]();
    const updated = text.replace(/```console\n([^]*?)```/g, (_, block) => {
      const commands = block.split('\n').filter((line) => line.startsWith('$ '));
      const printed = commands.map(() => left.next().value).map((step) => `$ ${step.command}\n${step.printed}\n`);
      return `\`\`\`console\n${printed.join('')}\`\`\``;
    });
    writeFileSync(DOCUMENT, updated);
    return;
  }
  assert.ok(walked.length > 10);
  for (const { command, actual, expected } of walked) {
    await t.test(command, () => assert.equal(actual, expected));
  }
});
