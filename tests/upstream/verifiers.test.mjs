// The verifiers of docs/upstream.md, each in its language, against assertions that hold and those that must not.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { send, stopAll } from '../edge/harness.mjs';
import {
  assertion, claimsOf, secret, underHs512, underPublicKey, underRs256, unsigned,
} from './reference.mjs';
import { buildUpstreams, languages, startVerifier } from './verifiers.mjs';

const AUDIENCE = 'https://api.example.com';
const [first, second] = [secret('k1'), secret('k2')];
const stranger = secret('k1');
const upstreams = {};

before(async () => {
  await buildUpstreams();
  const secrets = `${first.text}, ${second.text}`;
  const starting = languages.map(async (language) => {
    upstreams[language] = await startVerifier(language, { secrets, audience: AUDIENCE });
  });
  await Promise.all(starting);
});
after(() => stopAll(...Object.values(upstreams)));

const claims = (fields) => claimsOf(AUDIENCE, fields);
const without = (name) => {
  const { [name]: _, ...rest } = claims();
  return rest;
};
const edited = (text, index, edit) => text.split('.').map((part, at) => (at === index ? edit(part) : part)).join('.');
const now = () => Math.floor(Date.now() / 1000);

/** Name, the request, and the assertion it comes with. A request that isn't given is `GET /`. */
const ACCEPTED = [
  ['by the first secret', {}, () => assertion(claims(), first)],
  ['by the second secret', {}, () => assertion(claims(), second)],
  ['for another method', { method: 'POST' }, () => assertion(claims({ method: 'POST' }), first)],
  ['for HEAD', { method: 'HEAD' }, () => assertion(claims({ method: 'HEAD' }), first)],
  ['with a query, which it does not bind', { target: '/a?b=c?d' }, () => assertion(claims({ path: '/a' }), first)],
  ['for a path with escapes', { target: '/a%2Fb/%C3%A9' }, () => assertion(claims({ path: '/a%2Fb/%C3%A9' }), first)],
  ['with a claim that is new', {}, () => assertion(claims({ later: { a: 1 } }), first)],
];

const REFUSED = [
  ['none', {}, () => undefined],
  ['an empty one', {}, () => ''],
  ['garbage', {}, () => 'garbage'],
  ['three parts of garbage', {}, () => 'a.b.c'],
  ['three empty parts', {}, () => '..'],
  ['a header that is no object', {}, () => edited(assertion(claims(), first), 0, () => 'W10')],
  ['forged with a secret of the same name', {}, () => assertion(claims(), stranger)],
  ['forged with an empty secret', {}, () => assertion(claims(), { kid: 'k1', bytes: Buffer.alloc(0) })],
  ['forged with an empty secret of no name', {}, () => assertion(claims(), { kid: '', bytes: Buffer.alloc(0) })],
  ['alg: none', {}, () => unsigned(claims(), first)],
  ['alg: NONE', {}, () => unsigned(claims(), first, 'NONE')],
  ['HS256 without a signature', {}, () => unsigned(claims(), first, 'HS256')],
  ['HS512 by the right secret', {}, () => underHs512(claims(), first)],
  ['RS256 by a key of its own', {}, () => underRs256(claims(), first)],
  ['HS256 by a public key', {}, () => underPublicKey(claims(), first)],
  ['HS256 that calls itself RS256', {}, () => assertion(claims(), first, { alg: 'RS256' })],
  ['HS256 without an algorithm', {}, () => assertion(claims(), first, { alg: undefined })],
  ['an unknown kid', {}, () => assertion(claims(), { ...first, kid: 'k3' })],
  ["the other secret's kid", {}, () => assertion(claims(), { ...first, kid: 'k2' })],
  ['a kid that every object has', {}, () => assertion(claims(), { ...first, kid: '__proto__' })],
  ['a kid that is no text', {}, () => assertion(claims(), { ...first, kid: 1 })],
  ['no kid', {}, () => assertion(claims(), { ...first, kid: undefined })],
  ["claims under another's signature", {}, () => {
    const other = assertion(claims({ account: 'acct_2' }), first).split('.')[1];
    return edited(assertion(claims(), first), 1, () => other);
  }],
  ['a signature that is cut short', {}, () => edited(assertion(claims(), first), 2, (part) => part.slice(0, 22))],
  ['replayed on another path', { target: '/b' }, () => assertion(claims({ path: '/a' }), first)],
  ['replayed below its path', { target: '/a/b' }, () => assertion(claims({ path: '/a' }), first)],
  ['replayed on a path in other case', { target: '/A' }, () => assertion(claims({ path: '/a' }), first)],
  ['replayed on the path it decodes to', { target: '/a/b' }, () => assertion(claims({ path: '/a%2Fb' }), first)],
  ['replayed on a path that decodes to it', { target: '/a%2Fb' }, () => assertion(claims({ path: '/a/b' }), first)],
  ['replayed with its path in the query', { target: '/b?/a' }, () => assertion(claims({ path: '/a' }), first)],
  ['a path with the query in it', { target: '/a?b' }, () => assertion(claims({ path: '/a?b' }), first)],
  ['replayed on another method', { method: 'DELETE' }, () => assertion(claims({ method: 'GET' }), first)],
  ['a method in other case', { method: 'POST' }, () => assertion(claims({ method: 'post' }), first)],
  ['expired', {}, () => assertion(claims({ iat: now() - 3660, exp: now() - 3600 }), first)],
  ['expired by more than clocks differ', {}, () => assertion(claims({ iat: now() - 90, exp: now() - 30 }), first)],
  ['an exp that is text', {}, () => assertion(claims({ exp: 'never' }), first)],
  ['for another upstream', {}, () => assertion(claims({ aud: 'https://api.test.example.com' }), first)],
  ['for an origin that starts the same', {}, () => assertion(claims({ aud: `${AUDIENCE}.example` }), first)],
  ['from another issuer', {}, () => assertion(claims({ iss: 'https://id.example' }), first)],
  ...['iss', 'aud', 'exp', 'method', 'path'].map((name) => [
    `without ${name}`, {}, () => assertion(without(name), first),
  ]),
];

for (const language of languages) {
  describe(language, () => {
    const ask = (request, text, headers = []) => {
      const proof = text === undefined ? [] : [['Keyguard-Assertion', text]];
      return send(upstreams[language].port, { ...request, headers: [...proof, ...headers] });
    };

    for (const [name, request, make] of ACCEPTED) {
      test(`accepts one ${name}`, async () => {
        const { status, text } = await ask(request, make());
        assert.equal(status, 200, text);
      });
    }

    for (const audience of [undefined, '']) {
      test(`takes no upstream's with ${audience === undefined ? 'no audience' : 'an empty audience'}`, async (t) => {
        let upstream;
        try {
          upstream = await startVerifier(language, { secrets: first.text, audience });
        } catch ({ message }) {
          // It says so at once.
          assert.match(message, /ended/);
          return;
        }
        t.after(() => upstream.stop());
        for (const fields of [{}, { aud: 'https://api.test.example.com' }]) {
          const headers = [['Keyguard-Assertion', assertion(claims(fields), first)]];
          assert.equal((await send(upstream.port, { headers })).status, 401);
        }
      });
    }

    for (const [name, request, make] of REFUSED) {
      test(`refuses: ${name}`, async () => {
        const { status, text } = await ask(request, make());
        assert.equal(status, 401, text);
        // And goes on.
        assert.equal((await ask({}, assertion(claims(), first))).status, 200);
      });
    }

    test('of two lines, takes the first or none', async () => {
      const [one, other] = ['acct_1', 'acct_2'].map((account) => assertion(claims({ account }), first));
      const { status, json } = await ask({}, one, [['Keyguard-Assertion', other]]);
      assert.deepEqual(status === 401 || json.account, status === 401 || 'acct_1');
    });

    test('believes the claims and not the headers beside them', async () => {
      const headers = [
        ['Keyguard-Account', 'acct_2'],
        ['Keyguard-Key-Id', 'key_2'],
        ['Keyguard-Kind', 'publishable'],
        ['Keyguard-Mode', 'test'],
      ];
      const { json } = await ask({}, assertion(claims(), first), headers);
      assert.deepEqual(json, { account: 'acct_1', key_id: 'key_1', kind: 'secret', mode: 'live' });
    });
  });
}
