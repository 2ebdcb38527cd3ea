// A secret is changed in the order of docs/upstream.md while requests run: none is refused.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { policyFor, seed, startEdges, stopAll } from '../edge/harness.mjs';
import { startFront } from './front.mjs';
import { headerOf, secret } from './reference.mjs';
import { buildUpstreams, languages, startVerifier } from './verifiers.mjs';

const live = seed('secret', 'live', { id: 'key_secret' });
const [first, second] = [secret('k1'), secret('k2')];
const LEARNING = `${first.text}, ${second.text}`;
const CHANGED = `${second.text}, ${first.text}`;
const stops = [];

before(buildUpstreams);
after(() => stopAll(...stops));

/** An upstream, and the versions of an edge that is deployed with one secret after another. */
async function start(language, secretsOfUpstream, ...secretsOfEdges) {
  const front = await startFront();
  stops.push(front, { stop: () => front.put(undefined) });
  await front.put(await startVerifier(language, { secrets: secretsOfUpstream, audience: front.origin }));
  const edges = await startEdges(
    secretsOfEdges.map((text) => ({ policy: policyFor(front.origin), vars: { ASSERTION_SECRETS: text }, seeds: [live] })),
  );
  stops.push(edges[0]);
  return { front, edges };
}

/** Requests to whatever `edges` gives at the time, one after the other in each of four lanes, until it is stopped. */
function traffic(edges) {
  const seen = { statuses: new Set(), count: 0 };
  let isOver = false;
  const lane = async (number) => {
    for (let turn = number; !isOver; turn += 1) {
      const versions = edges();
      const { status } = await versions[turn % versions.length].sendAs(live, { target: `/a/${turn}` });
      seen.statuses.add(status);
      seen.count += 1;
    }
  };
  const lanes = Promise.all([0, 1, 2, 3].map(lane));
  return {
    seen,
    /** Until so many more have been answered. */
    async more(count) {
      const goal = seen.count + count;
      while (seen.count < goal) await Promise.race([lanes, new Promise(setImmediate)]);
    },
    async end() {
      isOver = true;
      await lanes;
    },
  };
}

for (const language of languages) {
  describe(language, () => {
    test('a secret is changed while requests run', async () => {
      const { front, edges: [old, changed, cleaned] } = await start(language, first.text, first.text, CHANGED, second.text);
      const restart = async (secrets) => front.put(await startVerifier(language, { secrets, audience: front.origin }));
      let versions = [old];
      const requests = traffic(() => versions);
      const kids = () => new Set(front.received.splice(0).map(({ assertion }) => headerOf(assertion).kid));
      const during = async () => {
        await requests.more(16);
        kids();
        await requests.more(40);
        return kids();
      };

      assert.deepEqual(await during(), new Set(['k1']));
      await restart(LEARNING);
      assert.deepEqual(await during(), new Set(['k1']));
      versions = [old, changed];
      assert.deepEqual(await during(), new Set(['k1', 'k2']));
      versions = [changed];
      assert.deepEqual(await during(), new Set(['k2']));
      await restart(second.text);
      versions = [cleaned];
      assert.deepEqual(await during(), new Set(['k2']));
      await requests.end();

      assert.deepEqual(requests.seen.statuses, new Set([200]));
      // And the old one is worth nothing any more.
      assert.equal((await old.sendAs(live)).status, 401);
    });

    test('the edge first, and the upstream refuses until it knows the secret', async () => {
      const { front, edges: [edge] } = await start(language, first.text, CHANGED);
      assert.equal((await edge.sendAs(live)).status, 401);
      await front.put(await startVerifier(language, { secrets: LEARNING, audience: front.origin }));
      assert.equal((await edge.sendAs(live)).status, 200);
    });
  });
}
