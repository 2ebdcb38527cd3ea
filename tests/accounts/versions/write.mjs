// Writes down what a build of the Worker keeps and answers, for builds to come: tests/accounts/versions.test.mjs reads it with theirs.
//
//   node accounts/versions/write.mjs NAME WORKER
//
// in tests/, where WORKER is the folder `worker` of a checkout, with its build in it. All that the store and the objects have is kept
// in NAME.json beside this file, with the keys' texts and what that build itself said of them. The runtime is killed while something is still
// on its way to the store and to the webhook.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import {
  Api, digest, entryOf, issueCredential, issueKey, now, playStore, playUpstream, policyFor, seedOf, startBareEdge, startUpstream, stopAll,
  storeName, until,
} from '../harness.mjs';
import { dumpAll } from './disk.mjs';

const [name, worker] = process.argv.slice(2);
const { paths } = JSON.parse(readFileSync(path.join(worker, 'openapi.json'), 'utf8'));
/** Before that no key was ever exposed, and nobody told of it. */
const looksAfterExposures = '/accounts/{account}/keys/{key}/lift' in paths;

const ACCOUNT = 'acct_older';
const MONTH = 30 * 86_400;
const upstream = await startUpstream();
const receiver = await playUpstream((request, response) => {
  request.resume();
  response.writeHead(500).end();
});
const store = await playStore();
const credential = issueCredential();
const edge = await startBareEdge({
  worker,
  build: path.join(worker, 'build'),
  policy: policyFor(upstream.origin, {
    routes: [{ method: 'GET', path: '/echo', scope: 'echo' }],
    memory_ttl: undefined,
    ...(looksAfterExposures ? { memory_ttl: 0, memory_ttl_unknown: 0, exposure: { live: 'quarantine' }, webhook: `${receiver.origin}/hook` } : {}),
  }),
  store: store.origin,
  admin: entryOf('ops', credential),
  vars: { WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
});
const api = new Api(edge, credential);
const texts = {};
const keep = (what, key) => {
  texts[what] = key.key;
  return key;
};

const { keys } = await api.createAccount({ id: ACCOUNT, label: 'Older' });
keep('a secret key that was rotated', keys.secret_live);
keep('the secret key in its place', await api.rotate(keys.secret_live, { grace_seconds: MONTH }));
keep('a publishable key of a page', keys.publishable_live);
await api.update(keys.publishable_live, { label: "The shop's", origins: ['https://shop.example'], scopes: ['echo'] });
keep('a publishable key that expires', keys.publishable_test);
await api.update(keys.publishable_test, { expires_at: now() + 2 * MONTH });
keep('a secret key that was revoked', await api.issue(ACCOUNT, { kind: 'secret', mode: 'test' }));
await api.revoke({ account: ACCOUNT, id: (await api.all(`/accounts/${ACCOUNT}/keys`, 'keys')).at(-1).id }, 'left');
keep('a secret key whose proxy passes headers on', await api.issue(ACCOUNT, { kind: 'secret', mode: 'live', browser_headers: true, scopes: ['echo'] }));
const imported = seedOf(issueKey('publishable', 'live'));
keep('a publishable key from elsewhere', imported);
(await api.post(`/accounts/${ACCOUNT}/import`, {
  keys: [{ id: 'key_imported', digest: digest(imported.key), kind: 'publishable', mode: 'live', created_at: 1_700_000_000 }],
})).ok(200);

if (looksAfterExposures) {
  const show = async (key) => (await api.show(key)).versions;
  const inQuery = async (key, isDone) => {
    assert.equal((await edge.send({ target: `/echo?key=${key.key}` })).status, 400);
    await until(async () => isDone(await show(key)), 'the exposure');
  };
  const exposed = keep('a secret key that is exposed', await api.issue(ACCOUNT, { kind: 'secret', mode: 'live' }));
  await api.written(ACCOUNT);
  await inQuery(exposed, (versions) => versions.some(({ status }) => status === 'exposed'));
  const rotated = keep('a secret key that was rotated and then exposed', await api.issue(ACCOUNT, { kind: 'secret', mode: 'live' }));
  keep('the secret key in the place of the exposed one', await api.rotate(rotated, { grace_seconds: MONTH }));
  await api.written(ACCOUNT);
  await inQuery(rotated, (versions) => versions.some(({ status }) => status === 'exposed'));
}
await api.written(ACCOUNT);

// What is on its way when the build's time is over.
const late = keep('a secret key whose revocation the store lacks', keys.secret_test);
store.fault = (entry) => (entry === storeName(late.key) ? { status: 500, applied: 'never' } : {});
await api.revoke(late, 'leaked');
await until(() => store.faults > 0, 'a failed put');

const used = {};
for (const [what, key] of Object.entries(texts)) {
  const { status, text } = await edge.sendAs({ key }, { target: '/echo', headers: [['Origin', 'https://shop.example'], ['Sec-Fetch-Site', 'same-origin']] });
  used[what] = status === 200 ? '200' : `${status} ${JSON.parse(text).code}`;
}
const at = now();
const shown = {
  account: (await api.get(`/accounts/${ACCOUNT}`)).ok(200),
  keys: await api.all(`/accounts/${ACCOUNT}/keys`, 'keys'),
  audit: await api.audit(ACCOUNT),
};
await edge.kill();
const written = {
  at,
  account: ACCOUNT,
  // Without their prefixes: no text in here is a key.
  keys: Object.entries(texts).map(([what, key]) => {
    const [, prefix, body] = /^(.*_)([^_]+)$/.exec(key);
    return { what, prefix: prefix.replace(/_$/, ''), body, used: used[what] };
  }),
  shown,
  store: [...store.entries].map(([entry, value]) => [entry, value, store.metadata.get(entry)]),
  databases: dumpAll(edge.disk),
};
writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(written, null, 1)}\n`);
await stopAll(edge, store, receiver, upstream);
