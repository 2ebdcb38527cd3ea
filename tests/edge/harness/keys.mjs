// Keys as anyone can make them from the published rule, and the records that the store keeps of them.

import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIX = {
  secret: { live: 'sk_', test: 'sk_test_' },
  publishable: { live: 'pk_', test: 'pk_test_' },
};

/** Every secret key of this run: none of them may show up in anything that the edge says. */
export const secretKeys = new Set();

/** The examples of the key grammar that the API's documentation publishes. */
export const PUBLISHED_SECRET = 'sk_vYZCAeHawUqDCmVpEKh2U';
export const PUBLISHED_PUBLISHABLE = 'pk_WeHsNn87r4gtNc5BQT9Mj';
secretKeys.add(PUBLISHED_SECRET);

/** A key in the issued form: prefix, 26 random characters, 6 of checksum. */
export function issueKey(kind, mode) {
  const random = Array.from({ length: 26 }, () => ALPHABET[randomInt(62)]).join('');
  const before = PREFIX[kind][mode] + random;
  return watched(before + checksum(before));
}

/** The same key with another last character: well-formed but for its checksum. */
export function mistyped(key) {
  return watched(key.slice(0, -1) + (key.endsWith('0') ? '1' : '0'));
}

/** CRC-32 of everything before it in base62, most significant digit first. */
export function checksum(before) {
  let rest = crc32(before);
  let digits = '';
  for (let index = 0; index < 6; index += 1) {
    digits = ALPHABET[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

export const digest = (key) => createHash('sha256').update(key).digest('hex');
export const storeName = (key) => `key:v1:${digest(key)}`;

let count = 0;

/** A record of an active key, as its prefix has it, with `fields` over it. */
export function recordOf(key, fields = {}) {
  count += 1;
  return {
    v: 1,
    id: `key_${String(count).padStart(3, '0')}`,
    account: 'acct_demo',
    kind: key.startsWith('sk_') ? 'secret' : 'publishable',
    mode: key.slice(3).startsWith('test_') ? 'test' : 'live',
    created_at: 1_760_000_000,
    ...fields,
  };
}

/**
 * Issues a key and makes its record: `{ key, record, entry }`, where `entry` is what the store is seeded with.
 * `value` in place of `fields` stores that text as it is.
 */
export function seed(kind, mode, fields = {}, value) {
  return seedOf(issueKey(kind, mode), fields, value);
}

export function seedOf(key, fields = {}, value) {
  const record = recordOf(watched(key), fields);
  return { key, record, entry: [storeName(key), value ?? JSON.stringify(record)] };
}

export const now = () => Math.floor(Date.now() / 1000);

function watched(key) {
  if (key.startsWith('sk_')) secretKeys.add(key);
  return key;
}
