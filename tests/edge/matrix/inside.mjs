// Faults of the machine: its clock, its limiters, what it counts with, and traps in the wasm.

import assert from 'node:assert/strict';

import { issueKey, now } from '../harness.mjs';

const HOURS = 3600_000;
const obeying = (standIn, fields) => ({ fields, how: (stage, key) => stage.ask(key, { standIn }) });

export const clockFaults = {
  'six hours ahead': obeying({ clock: 6 * HOURS }),
  'six hours ahead, of a key that expires in one': obeying({ clock: 6 * HOURS }, { expires_at: now() + 3600 }),
  'six hours behind': obeying({ clock: -6 * HOURS }, { created_at: now() }),
  'six hours behind, of a key that expires in one': obeying({ clock: -6 * HOURS }, { expires_at: now() + 3600 }),
};

const limiter = (how) => obeying({ limiter: how }, { rate: 'played' });

export const limiterFaults = {
  'throws at once': limiter('throws'),
  fails: limiter('rejects'),
  hangs: limiter('hangs'),
  'answers nothing': limiter('says nothing'),
};

/** The log tells that what was to be done after an answer failed. */
async function hasFailed(stage, what, act) {
  const isOne = (line) => line.event === 'after-failed' && line.what === what;
  const known = new Set(stage.edge.lines.all.filter((line) => line.startsWith('{')).map(JSON.parse).filter(isOne).map((line) => line.request_id));
  const outcome = await act();
  await stage.edge.lines.find((line) => isOne(line) && !known.has(line.request_id));
  return outcome;
}

/** A credential that nobody has comes from the address first, and then the key does. */
const striking = (refused, isTold = true) => ({
  how: async (stage, key) => {
    const from = { headers: [['CF-Connecting-IP', '192.0.2.7']], standIn: { refused } };
    const guess = async () => assert.equal(await stage.ask({ key: issueKey('secret', 'test') }, from), '400 invalid-key');
    if (isTold) await hasFailed(stage, 'strike', guess);
    else await guess();
    return stage.ask(key, from);
  },
});

export const strikeFaults = {
  'throws at once': striking('throws'),
  fails: striking('rejects'),
  hangs: striking('hangs', false),
  'answers nothing': striking('says nothing'),
};

const counting = (usage) => ({
  how: (stage, key) => hasFailed(stage, 'count', () => stage.ask(key, { standIn: { usage } })),
});

export const usageFaults = {
  'throws at once': counting('throws'),
  fails: counting('rejects'),
};

const panicsIn = (place) => ({ headers: [['X-Keyguard-Test', place]] });
const PANICS = panicsIn('steps');

/** Another's request traps. */
const trap = async (stage) => assert.equal(await stage.ask(stage.hot, PANICS), '500 internal');

export const wasmFaults = {
  'traps on the request': { how: (stage, key) => stage.ask(key, PANICS) },
  'traps on the request once the store has answered': { how: (stage, key) => stage.ask(key, panicsIn('stored')) },
  'traps on another while this one asks the store': {
    how: async (stage, key) => {
      const asked = stage.store.next();
      let release;
      stage.store.how = (_, response) => {
        release = () => response.end(key.entry[1]);
      };
      const answer = stage.ask(key);
      // A hot key asks nothing, and has its answer at once.
      if (!key.isHot) await asked;
      await trap(stage);
      release?.();
      return answer;
    },
  },
  'traps on another while this one is sent': {
    how: async (stage, key) => {
      const isThere = new Promise((resolve) => {
        stage.upstream.how = (request, response) => {
          request.once('data', resolve);
          let length = 0;
          request.on('data', (part) => { length += part.length; });
          request.on('end', () => response.end(`${length}`));
        };
      });
      let go;
      const trapped = new Promise((resolve) => { go = resolve; });
      const body = (async function* () {
        yield new Uint8Array(1000);
        await trapped;
        yield new Uint8Array(1000);
      })();
      const answer = stage.fetch(key, { method: 'POST', body: ReadableStream.from(body), duplex: 'half' });
      await isThere;
      await trap(stage);
      go();
      const response = await answer;
      assert.equal(await response.text(), '2000');
      return String(response.status);
    },
  },
  'traps on another while this one waits for the upstream': {
    how: async (stage, key) => {
      const asked = stage.upstream.next();
      let release;
      stage.upstream.how = (_, response) => { release = () => response.end('fine'); };
      const answer = stage.ask(key);
      await asked;
      await trap(stage);
      release();
      return answer;
    },
  },
  "traps on another while this one's response streams": {
    how: async (stage, key) => {
      let finish;
      stage.upstream.how = (_, response) => {
        response.write('begin ');
        finish = () => response.end('end');
      };
      const response = await stage.fetch(key);
      await trap(stage);
      finish();
      assert.equal(await response.text(), 'begin end');
      return String(response.status);
    },
  },
};
