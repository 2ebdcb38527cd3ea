// Assertions as anyone can make them from docs/upstream.md, right ones and wrong ones: by Node's own cryptography, and by none of the
// code that they are to try.

import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';

/** A secret with its name. `text` is how `ASSERTION_SECRETS` has it. */
export function secret(kid) {
  const bytes = randomBytes(32);
  return { kid, bytes, text: `${kid}:${bytes.toString('base64url')}` };
}

/** What the edge would say of a request for `audience`. */
export function claimsOf(audience, { method = 'GET', path = '/', ...fields } = {}) {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: 'keyguard',
    aud: audience,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    account: 'acct_1',
    key_id: 'key_1',
    kind: 'secret',
    mode: 'live',
    method,
    path,
    ...fields,
  };
}

/** Signs as the edge does; `header` goes over its header. */
export function assertion(claims, { kid, bytes }, header = {}) {
  return jws({ alg: 'HS256', kid, typ: 'keyguard+jwt', ...header }, claims, (text) => hmac('sha256', bytes, text));
}

/** With another digest, and the header that says so. */
export function underHs512(claims, { kid, bytes }) {
  return jws({ alg: 'HS512', kid, typ: 'keyguard+jwt' }, claims, (text) => hmac('sha512', bytes, text));
}

/** By nobody, as RFC 7519 §6 has it. */
export function unsigned(claims, { kid }, alg = 'none') {
  return jws({ alg, kid, typ: 'keyguard+jwt' }, claims, () => '');
}

/** By a key pair of whoever asks, which is offered along with it. */
export function underRs256(claims, { kid }) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = publicKey.export({ format: 'jwk' });
  const header = { alg: 'RS256', kid, typ: 'keyguard+jwt', jwk };
  return jws(header, claims, (text) => sign('sha256', Buffer.from(text), privateKey).toString('base64url'));
}

/** An HMAC under a public key, which anyone has: what is verified as if it were the other algorithm's key. */
export function underPublicKey(claims, { kid }) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' });
  return jws({ alg: 'HS256', kid, typ: 'keyguard+jwt' }, claims, (text) => hmac('sha256', pem, text));
}

/** The claims of an assertion, unverified. */
export const claimsIn = (text) => JSON.parse(Buffer.from(text.split('.')[1], 'base64url'));
export const headerOf = (text) => JSON.parse(Buffer.from(text.split('.')[0], 'base64url'));

function jws(header, claims, signatureOf) {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${signatureOf(text)}`;
}

const hmac = (digest, secret, text) => createHmac(digest, secret).update(text).digest('base64url');
