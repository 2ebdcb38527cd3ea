// The corpus that every face is held to, sent to the running Worker.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { assertRefused, policyFor, seedOf, startEdges, startUpstream, stopAll, values } from './harness.mjs';

const corpus = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
const keys = corpus('keys');
const authorizations = corpus('authorization');

const wellFormed = keys.filter(({ error }) => !error).map((vector) => ({ ...vector, ...seedOf(vector.text) }));
const malformed = keys.filter(({ error }) => error);

let upstream, edge, open;

before(async () => {
  upstream = await startUpstream();
  const routes = [{ method: 'GET', path: '/echo' }];
  [edge, open] = await startEdges([
    { policy: policyFor(upstream.origin, { routes }), seeds: wellFormed },
    { policy: policyFor(upstream.origin, { routes, accept_foreign_keys: true }) },
  ]);
});
after(() => stopAll(edge, upstream));

/** UTF-8, written as the Latin-1 that the wire takes. */
const wire = (text) => Buffer.from(text, 'utf8').toString('latin1');
/** A header field carries no control characters, and no space at its end (RFC 9110 §5.5). */
const isCarried = (text) => !/[\0-\x08\x0a-\x1f\x7f]/.test(text) && text.trimEnd() === text;
/** `b64token` of RFC 6750 §2.1: what isn't even that is a malformed request. */
const isToken = (text) => /^[\w.~+/-]+=*$/.test(text);

describe('keys.json: what is a key is looked up as its kind and mode', () => {
  for (const { text, kind, mode, form, why, key } of wellFormed) {
    test(`${kind} ${mode}, ${why}`, async () => {
      await upstream.clear();
      const response = await open.sendAs({ key }, { target: '/echo' });
      assert.equal(response.status, 200, response.text);
      const [{ headers }] = await upstream.received();
      assert.deepEqual([values(headers, 'keyguard-kind'), values(headers, 'keyguard-mode')], [[kind], [mode]]);
      const strict = await edge.sendAs({ key: text }, { target: '/echo' });
      if (form === 'issued') assert.equal(strict.status, 200, strict.text);
      else assertRefused(strict, 'invalid-key');
    });
  }
});

describe('keys.json: what is no key is refused', () => {
  for (const { text, error, why } of malformed.filter(({ text }) => isCarried(text))) {
    test(`${error}: ${why}, ${JSON.stringify(text).slice(0, 12)}…`, async () => {
      // Spaces before a credential belong to no token: what follows them is read.
      const token = text.replace(/^ +/, '');
      const isKey = token !== text && wellFormed.some((vector) => vector.text === token);
      const response = await open.sendAs({ key: wire(text) }, { target: '/echo' });
      if (isKey) assert.equal(response.status, 200, response.text);
      else assertRefused(response, isToken(token) ? 'invalid-key' : 'invalid-request');
    });
  }
});

describe('authorization.json', () => {
  for (const { value, token, error } of authorizations) {
    test(JSON.stringify(value), async () => {
      const headers = value === null ? [] : [['Authorization', wire(value)]];
      // A token that was read is no key of this store.
      assertRefused(await edge.send({ headers }), token === undefined ? error : 'invalid-key');
    });
  }
});
