// A merchant's server sends a live secret key: whatever client it has, it isn't taken for a browser.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { policyFor, seed, startEdge, startUpstream, stopAll } from '../edge/harness.mjs';
import { CLIENTS, ask, buildClients } from './clients.mjs';

const secret = seed('secret', 'live', { id: 'key_secret' });
let upstream, edge;

before(async () => {
  await buildClients();
  upstream = await startUpstream();
  // Whoever is taken for a browser by mistake would be out of business.
  edge = await startEdge({ policy: policyFor(upstream.origin, { exposure: { live: 'revoke' } }), seeds: [secret] });
});
after(() => stopAll(edge, upstream));

for (const name of Object.keys(CLIENTS)) {
  describe(name, () => {
    const send = async (request) => {
      const { status, json } = await ask(name, { api: `${edge.origin}/echo`, key: secret.key, ...request });
      assert.equal(status, 200, JSON.stringify(json));
      return json;
    };

    for (const [method, body] of [['GET', ''], ['POST', 'amount=100'], ['PUT', 'amount=100'], ['DELETE', '']]) {
      test(`is allowed to ${method}`, async () => {
        const answer = await send({ method, body });
        assert.equal(answer.method, method);
        assert.equal(pairs(answer.rawHeaders)['keyguard-key-id'], 'key_secret');
      });
    }
  });
}

test("Node's fetch says of itself what a page's fetch says, too", async () => {
  const { json } = await ask("Node's fetch", { api: `${edge.origin}/echo`, key: secret.key });
  assert.equal(pairs(json.rawHeaders)['sec-fetch-mode'], 'cors');
});

function pairs(rawHeaders) {
  const headers = {};
  for (let index = 0; index < rawHeaders.length; index += 2) headers[rawHeaders[index].toLowerCase()] = rawHeaders[index + 1];
  return headers;
}
