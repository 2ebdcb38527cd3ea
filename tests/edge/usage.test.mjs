// The points of usage: one for each verdict, and none of them changes what happens to a request.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { issueKey, playUpstream } from './harness.mjs';
import { clientFaults } from './matrix/client.mjs';
import { Stage } from './matrix/stage.mjs';

const points = [];
let usage, stage;
before(async () => {
  usage = await playUpstream((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part) => { body += part; }).on('end', () => {
      points.push(read(JSON.parse(body)));
      response.end();
    });
  });
  stage = await Stage.start({ usage: usage.origin });
});
after(async () => {
  await stage?.stop();
  await usage?.stop();
});

/** Texts are lists of bytes there. */
const read = ({ double1, ...texts }) => ({
  milliseconds: double1,
  texts: ['index1', 'blob1', 'blob2', 'blob3', 'blob4', 'blob5', 'blob6'].map((name) => Buffer.from(texts[name]).toString()),
});

/** The points that an act brings, once they are as many as are expected, and no more come. */
async function counted(act, count) {
  await sleep(100);
  points.length = 0;
  await act();
  for (let tries = 0; tries < 100 && points.length < count; tries += 1) await sleep(20);
  await sleep(200);
  return points.map(({ texts }) => texts);
}

const allowed = ({ record: { account, id, kind, mode } }, method = 'GET') => [account, 'allowed', id, kind, mode, `${method} /pay`, method];

test('each verdict is one point', async () => {
  const key = await stage.key('publishable', { fields: { id: 'key_counted', account: 'acct_counted' }, isHot: false });
  const guess = { key: issueKey('secret', 'test') };
  assert.deepEqual(await counted(() => stage.ask(key), 1), [allowed(key)]);
  assert.deepEqual(await counted(() => stage.ask(key), 1), [allowed(key)]);
  assert.deepEqual(await counted(() => stage.ask(guess), 1), [['', 'invalid-key', '', 'secret', 'test', '', 'GET']]);
  assert.deepEqual(await counted(() => stage.edge.send(), 1), [['', 'unauthorized', '', '', '', '', 'GET']]);
  assert.ok(points.every(({ milliseconds }) => milliseconds >= 0 && milliseconds < 60_000), JSON.stringify(points));
});

test('what fails once it was sent is a second one', async () => {
  const key = await stage.key('publishable', { isHot: true });
  stage.upstream.how = (request) => request.socket.resetAndDestroy();
  const { account, id, kind, mode } = key.record;
  const texts = await counted(() => stage.ask(key), 2);
  await stage.upstream.heal();
  assert.deepEqual(texts, [allowed(key), [account, 'upstream-unreachable', id, kind, mode, '', 'GET']]);
});

test("a client that is gone: the upstream is told, though the key's account doesn't take its use in", async () => {
  const slow = await Stage.start({ fields: { upstream_timeout_ms: 20_000 } });
  try {
    assert.equal(await slow.ask(slow.hot, { standIn: { uses: 'hang' } }), '200');
    const key = await slow.key('secret', { isHot: false });
    assert.equal(await slow.outcome(key, clientFaults['leaves while it waits'].how), 'upstream told');
    const { what } = await slow.edge.lines.find(({ event }) => event === 'after-failed');
    assert.equal(what, 'use');
  } finally {
    await slow.stop();
  }
});

describe('a client that is gone', () => {
  for (const [fault, { how }] of Object.entries(clientFaults).filter(([name]) => name.startsWith('leaves'))) {
    for (const isHot of [true, false]) {
      test(`${fault}, with a ${isHot ? 'hot' : 'cold'} key: the upstream is told, and the verdict counts`, async () => {
        const key = await stage.key('publishable', { isHot });
        const method = fault === 'leaves while it sends' ? 'POST' : 'GET';
        let outcome;
        const texts = await counted(async () => { outcome = await stage.outcome(key, how); }, 1);
        assert.equal(outcome, 'upstream told');
        assert.deepEqual(texts[0], allowed(key, method));
        // A body that breaks off may be seen before its client is known to be gone.
        assert.ok(texts.slice(1).every(([, code]) => code === 'upstream-unreachable'), JSON.stringify(texts));
      });
    }
  }
});
