// What is the same of two refusals crosses once: each has to be its own request's all the same.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { assertRefused, issueKey, mistyped, policyFor, seed, startEdge, startUpstream, stopAll } from './harness.mjs';

const PAGES = ['https://shop.example', 'https://other.example'];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];
const revoked = seed('secret', 'live', { id: 'key_revoked', revoked: { at: 1 } });
const bearer = (text) => [['Authorization', `Bearer ${text}`]];

/** Ways to be refused: what is given, and what the line says of whose key it was. */
const WAYS = [
  ['unauthorized', () => [], () => ({})],
  ['invalid-request', () => bearer('one two'), () => ({})],
  ['invalid-key', () => bearer('sk_short'), () => ({})],
  ['invalid-key', () => bearer(mistyped(issueKey('secret', 'live'))), () => ({})],
  [
    'invalid-key',
    () => bearer(issueKey('publishable', 'test')),
    (key) => ({ key: `pk_test_…${key.slice(-4)}`, kind: 'publishable', mode: 'test' }),
  ],
  ['key-revoked', () => bearer(revoked.key), () => ({ key_id: 'key_revoked', kind: 'secret', mode: 'live' })],
];

let upstream, edge;

before(async () => {
  upstream = await startUpstream();
  edge = await startEdge({ policy: policyFor(upstream.origin, { cors: { origins: [PAGES[0]] } }), seeds: [revoked] });
});
after(() => stopAll(edge, upstream));

async function assertOwn({ method, path, query, page }, [code, give, say]) {
  const given = give();
  const headers = page ? [...given, ['Origin', page]] : given;
  const response = await edge.send({ method, target: path + query, headers });
  const { status, request_id: id } = assertRefused(response, code, { instance: path });
  assert.equal(response.header('access-control-allow-origin'), page === PAGES[0] ? page : undefined);
  assert.match(response.all('vary').join(), /\borigin\b/i);
  const { duration_ms: _, ...line } = await edge.verdict(id);
  const whose = say(given[0]?.[1].slice('Bearer '.length));
  assert.deepEqual(line, { event: 'verdict', code, status, request_id: id, method, route: null, ...whose });
  return id;
}

test('many kinds at once, more than are kept', async () => {
  const asked = [];
  for (let round = 0; round < 3; round += 1) {
    for (const method of METHODS) {
      for (const way of WAYS) {
        for (const page of [undefined, ...PAGES]) {
          asked.push(assertOwn({ method, path: `/${method}/${asked.length}`, query: `?round=${round}`, page }, way));
        }
      }
    }
  }
  const ids = await Promise.all(asked);
  // The log keeps the order: no line of these comes after this one's.
  await edge.verdict((await edge.send()).header('keyguard-request-id'));
  const told = edge.lines.all.join('\n');
  for (const id of ids) assert.equal(told.split(id).length, 2, id);
  assert.equal(new Set(ids).size, asked.length);
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
