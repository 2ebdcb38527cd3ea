// The package outside of browsers.

import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { stopAll } from '../edge/harness.mjs';
import { assertPaid } from './harness/assert.mjs';
import { startDesk } from './harness/desk.mjs';
import { execute, installed, project } from './harness/project.mjs';

const ARM = process.arch === 'arm64';
const BUN = installed(`@oven/bun-linux-${ARM ? 'aarch64' : 'x64'}/bin/bun`);
const DENO = installed(`@deno/linux-${ARM ? 'arm64' : 'x64'}-glibc/deno`);
/** The oldest that the package says it is for. */
const OLDEST_NODE = installed('node20/bin/node');
const SHOP = `
import { trade } from './trade.js';

console.log(JSON.stringify(await trade(JSON.parse(process.argv[2]))));
`;

let desk, folder;
before(async () => {
  [desk, folder] = await Promise.all([startDesk(), project('runtimes', { files: { 'shop.js': SHOP } })]);
});
after(() => stopAll(desk));

/** What the shop prints there, with the shop. Skipped where npm left the program out: it is made for other machines. */
async function trade(t, program, args = []) {
  if (await access(program).then(() => false, () => true)) {
    t.skip('it is not made for this machine');
    return {};
  }
  const shop = desk.open();
  const { stdout } = await execute(program, [...args, 'shop.js', JSON.stringify(shop.settings)], folder);
  return { shop, outcome: JSON.parse(stdout) };
}

test('it pays in Node', async (t) => {
  const { shop, outcome } = await trade(t, process.execPath);
  assertPaid(shop, outcome);
});

test("it pays in the oldest Node that the package's engines name", async (t) => {
  const { engines } = JSON.parse(await readFile(`${folder}/node_modules/keyguard/package.json`));
  const { shop, outcome } = await trade(t, OLDEST_NODE);
  if (!shop) return;
  const { stdout } = await execute(OLDEST_NODE, ['--version'], folder);
  assert.equal(engines.node, `>=${stdout.trim().slice(1)}`);
  assertPaid(shop, outcome);
});

test('it pays in Deno', async (t) => {
  const { shop, outcome } = await trade(t, DENO, ['run', '--no-remote', '--allow-net=127.0.0.1']);
  if (shop) assertPaid(shop, outcome);
});

test("it sends nothing in Bun, whose requests don't say what they keep", async (t) => {
  const { shop, outcome } = await trade(t, BUN);
  if (!shop) return;
  assert.equal(outcome.failed, 'unverified-request');
  assert.deepEqual(shop.received, []);
});
