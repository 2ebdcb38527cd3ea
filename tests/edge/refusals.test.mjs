// What is the same of two refusals crosses once: each has to be its own request's all the same.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertRefused, issueKey, mistyped, policyFor, seed, startEdge, startUpstream, stopAll } from './harness.mjs';

const PAGES = ['https://shop.example', 'https://other.example'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];
const revoked = seed('secret', 'live', { id: 'key_revoked', revoked: { at: 1 } });
const bearer = (text) => [['Authorization', `Bearer ${text}`]];

/** Ways to be refused, with and without a key of one's own. */
const WAYS = [
  ['unauthorized', () => []],
  ['invalid-request', () => bearer('one two')],
  ['invalid-key', () => bearer('sk_short')],
  ['invalid-key', () => bearer(mistyped(issueKey('secret', 'live')))],
  ['invalid-key', () => bearer(issueKey('publishable', 'test'))],
  ['key-revoked', () => bearer(revoked.key)],
];

let upstream, edge;

before(async () => {
  upstream = await startUpstream();
  edge = await startEdge({ policy: policyFor(upstream.origin, { cors: { origins: [PAGES[0]] } }), seeds: [revoked] });
});
after(() => stopAll(edge, upstream));

async function assertOwn({ method, target, instance, code, given, page }) {
  const headers = page ? [...given, ['Origin', page]] : given;
  const response = await edge.send({ method, target, headers });
  const problem = assertRefused(response, code, { instance });
  assert.equal(response.header('access-control-allow-origin'), page === PAGES[0] ? page : undefined);
  assert.match(response.all('vary').join(), /\borigin\b/i);
  const { status, request_id: id } = problem;
  const line = await edge.verdict(id);
  assert.deepEqual([line.code, line.status, line.method], [code, status, method]);
  const key = given[0]?.[1].slice('Bearer '.length);
  // A key that is known has its id in the line, and one in the issued form its last characters.
  if (code === 'key-revoked') assert.equal(line.key_id, 'key_revoked');
  else if (line.key) assert.ok(line.key.endsWith(key.slice(-4)), line.key);
  return id;
}

test('many kinds at once, more than are kept', async () => {
  const asked = [];
  for (let round = 0; round < 3; round += 1) {
    for (const method of METHODS) {
      for (const [code, given] of WAYS) {
        for (const page of [undefined, ...PAGES]) {
          const path = `/${method}/${asked.length}`;
          asked.push(assertOwn({ method, target: `${path}?round=${round}`, instance: path, code, given: given(), page }));
        }
      }
    }
  }
  const ids = await Promise.all(asked);
  assert.equal(new Set(ids).size, asked.length);
  const lines = edge.lines.all.map((line) => JSON.parse(line)).filter(({ event }) => event === 'verdict');
  assert.equal(lines.length, asked.length);
});

const SECRET = issueKey('secret', 'live');
const paths = [
  ['/', '/'],
  ['//', '//'],
  ['/?', '/'],
  ['/a#b', '/a'],
  ['/a%20b', '/a%20b'],
  ['/https://b/c', '/https://b/c'],
  ['/"quoted"', '/"quoted"'],
  ['/back\\slash', '/back\\slash'],
  ['/caf%C3%A9', '/caf%C3%A9'],
  [`/${SECRET}`, undefined],
  [`/a/${SECRET.replace('_', '%5F')}/b`, undefined],
];
for (const [target, instance] of paths) {
  test(`the path ${JSON.stringify(target.replace(SECRET, '<key>'))} is told as it came, and never a key`, async () => {
    // Twice: what was kept of the first answers the second, and before and after comes a plain one.
    for (const path of ['/plain', target, target, '/plain']) {
      const response = await edge.send({ target: path });
      const problem = response.json;
      assert.equal(response.status === 401 || problem.code === 'invalid-request', true, response.text);
      assert.equal(problem.instance, path === target ? instance : '/plain');
      assert.equal(response.header('keyguard-request-id'), problem.request_id);
      assert.ok(!response.text.includes(SECRET));
    }
  });
}
