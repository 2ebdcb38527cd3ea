// docs/reliability.md: its table is read here, and each cell of it is run. After each, healthy requests must be
// answered rightly.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { TEST_BUILD } from './harness.mjs';
import { clientFaults } from './matrix/client.mjs';
import { deploymentFaults, recordFaults } from './matrix/deployment.mjs';
import { clockFaults, limiterFaults, strikeFaults, usageFaults, wasmFaults } from './matrix/inside.mjs';
import { Stage } from './matrix/stage.mjs';
import { storeFaults } from './matrix/store.mjs';
import { upstreamFaults } from './matrix/upstream.mjs';

/** Per place and fault of the table: how to cause it, and to say what came of it in the table's words. */
const FAULTS = {
  store: storeFaults,
  upstream: upstreamFaults,
  client: clientFaults,
  clock: clockFaults,
  limiter: limiterFaults,
  'limiter of addresses': strikeFaults,
  usage: usageFaults,
  deployment: deploymentFaults,
  'another version': recordFaults,
  wasm: wasmFaults,
};

const COLUMNS = ['secret, hot', 'secret, cold', 'publishable, hot', 'publishable, cold'];

const page = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
// The first table of the page.
const [head, , ...rows] = /(?:^\|.*\n)+/m.exec(page)[0].trimEnd()
  .split('\n')
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));

test('the table and the faults that are run are the same', () => {
  assert.deepEqual(head, ['where', 'fault', ...COLUMNS]);
  const run = Object.entries(FAULTS).flatMap(([where, faults]) => Object.keys(faults).map((fault) => `${where}: ${fault}`));
  assert.deepEqual(rows.map(([where, fault]) => `${where}: ${fault}`), run);
});

for (const [where, faults] of Object.entries(FAULTS)) {
  const needsHooks = where === 'wasm';
  const skip = needsHooks && !TEST_BUILD ? 'KEYGUARD_WORKER_TEST_BUILD names no build' : false;
  describe(where, { skip }, () => {
    let stage;
    before(async () => {
      stage = await Stage.start(needsHooks ? { build: TEST_BUILD } : {});
    });
    after(() => stage?.stop());
    for (const [, fault, ...cells] of rows.filter(([one]) => one === where)) {
      for (const [index, expected] of cells.entries()) {
        test(`${fault}; ${COLUMNS[index]}: ${expected}`, async () => {
          const [kind, warmth] = COLUMNS[index].split(', ');
          const { how, fields, recovers, leaves = 'answered' } = faults[fault];
          const key = await stage.key(kind, { fields, isHot: warmth === 'hot' });
          assert.equal(await stage.outcome(key, how), expected);
          await recovers?.();
          await stage.isHealthy(leaves === 'answered' ? key : undefined);
        });
      }
    }
  });
}
