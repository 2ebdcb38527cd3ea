// A panic costs the one request that met it. Only a build for tests has a way to cause one.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TEST_BUILD, assertRefused, playUpstream, policyFor, seed, startEdge, stopAll } from './harness.mjs';

const key = seed('secret', 'test');
/** Panics at these places, once for each time that one is named. */
const panicsIn = (...places) => ({ headers: [['X-Keyguard-Test', places.join(' ')]] });
const panics = panicsIn('steps');
let upstream, respond;

before(async () => {
  upstream = await playUpstream((request, response) => respond(request, response));
  respond = (_, response) => response.end('fine');
});
after(() => stopAll(upstream));

describe(
  'the build that panics on demand',
  { skip: TEST_BUILD ? false : 'KEYGUARD_WORKER_TEST_BUILD names no build' },
  () => {
    let edge;
    before(async () => {
      edge = await startEdge({ policy: policyFor(upstream.origin), seeds: [key], build: TEST_BUILD });
    });
    after(() => edge?.stop());

    test('answers 500 `internal` to that request, and the next one works', async () => {
      for (let index = 0; index < 5; index += 1) {
        assertRefused(await edge.sendAs(key, panics), 'internal');
        assert.equal((await edge.sendAs(key)).text, 'fine');
        assertRefused(await edge.send(), 'unauthorized');
      }
    });

    test('a refusal after it is its own, as one before it is', async () => {
      for (const target of ['/before', '/same', '/same', '/after']) {
        const { request_id: id } = assertRefused(await edge.send({ target }), 'unauthorized', { instance: target });
        assert.deepEqual([(await edge.verdict(id)).code, (await edge.verdict(id)).method], ['unauthorized', 'GET']);
        assertRefused(await edge.sendAs(key, { ...panics, target }), 'internal', { instance: target });
      }
    });

    test('logs a verdict for it', async () => {
      const response = await edge.sendAs(key, panics);
      assert.equal((await edge.verdict(response.header('keyguard-request-id'))).code, 'internal');
    });

    test('several at once are each answered', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => edge.sendAs(key, index % 2 ? panics : {})),
      );
      for (const [index, answer] of answers.entries()) {
        if (index % 2) assertRefused(answer, 'internal');
        else assert.equal(answer.text, 'fine');
      }
    });

    test('a request that waits for its upstream is not lost with it', async () => {
      const called = new Promise((resolve) => {
        respond = (_, response) => resolve(() => response.end('late but fine'));
      });
      const waiting = edge.sendAs(key);
      const answer = await called;
      assertRefused(await edge.sendAs(key, panics), 'internal');
      answer();
      assert.equal((await waiting).text, 'late but fine');
      respond = (_, response) => response.end('fine');
    });

    test('a response that streams is not cut by it', async () => {
      let end;
      respond = (_, response) => {
        response.write('begin ');
        end = () => response.end('end');
      };
      const response = await fetch(edge.origin, { headers: { authorization: `Bearer ${key.key}` } });
      const reader = response.body.getReader();
      assert.equal(Buffer.from((await reader.read()).value).toString(), 'begin ');
      assertRefused(await edge.sendAs(key, panics), 'internal');
      end();
      assert.equal(Buffer.from((await reader.read()).value).toString(), 'end');
      respond = (_, response) => response.end('fine');
    });

    test('an answer to a failure that panics, too, is given once more', async () => {
      assertRefused(await edge.sendAs(key, panicsIn('steps', 'failed')), 'internal');
      assert.equal((await edge.sendAs(key)).text, 'fine');
      respond = (request) => request.socket.destroy();
      assertRefused(await edge.sendAs(key, panicsIn('failed')), 'upstream-unreachable');
      respond = (_, response) => response.end('fine');
      assert.equal((await edge.sendAs(key)).text, 'fine');
    });

    test('one that panics again and again is still no allow, and costs nobody else', async () => {
      const broken = async (places) => {
        const { status, text } = await edge.sendAs(key, panicsIn(...places));
        assert.deepEqual([status, text.includes('fine')], [500, false]);
      };
      const called = new Promise((resolve) => {
        respond = (_, response) => resolve(() => response.end('late but fine'));
      });
      const waiting = edge.sendAs(key);
      const answer = await called;
      await broken(['steps', 'failed', 'failed']);
      respond = (request) => request.socket.destroy();
      await broken(['failed', 'failed']);
      answer();
      assert.equal((await waiting).text, 'late but fine');
      respond = (_, response) => response.end('fine');
      assert.equal((await edge.sendAs(key)).text, 'fine');
    });
  },
);

test('the build that is deployed knows no such header', async (t) => {
  const edge = await startEdge({ policy: policyFor(upstream.origin), seeds: [key] });
  t.after(() => edge.stop());
  assert.equal((await edge.sendAs(key, panics)).text, 'fine');
});
