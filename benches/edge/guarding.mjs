// What the hand-written guard and Hono's have in common: the store's record of a key, and the request for the upstream.

const encoder = new TextEncoder();

/** The record of a key that may pass, or what is wrong with it. */
export async function recordOf(key, env) {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(key));
  const name = `key:v1:${new Uint8Array(digest).toHex()}`;
  const record = await env.KEYS.get(name, { type: 'json', cacheTtl: 60 });
  const isOfKey = record && key.startsWith(record.kind === 'secret' ? 'sk_' : 'pk_');
  if (!isOfKey || key.includes('_test_') !== (record.mode === 'test')) return { status: 400, code: 'invalid-key' };
  if (record.revoked) return { status: 403, code: 'key-revoked' };
  if (record.exposed) return { status: 403, code: 'key-exposed' };
  if (record.expires_at <= Date.now() / 1000) return { status: 403, code: 'key-expired' };
  return { record };
}

/** The request for the upstream, with the identity of the key's owner in place of the key. */
export function forward(request, record, env) {
  const { url } = request;
  const forwarded = new Request(env.UPSTREAM + url.slice(url.indexOf('/', 8)), request);
  const { headers } = forwarded;
  headers.delete('Authorization');
  for (const name of [...headers.keys()]) if (name.startsWith('keyguard-')) headers.delete(name);
  headers.set('Keyguard-Account', record.account);
  headers.set('Keyguard-Key-Id', record.id);
  headers.set('Keyguard-Kind', record.kind);
  headers.set('Keyguard-Mode', record.mode);
  headers.set('Keyguard-Request-Id', crypto.randomUUID());
  return fetch(forwarded);
}
