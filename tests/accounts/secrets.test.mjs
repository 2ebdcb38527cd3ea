// A secret key is shown once, in the answer that issues it, and is nowhere else: searched for byte by byte.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import {
  digest, issueKey, mistyped, now, policyFor, secretKeys, startApi, startUpstream, stopAll, until,
} from './harness.mjs';

const ACCOUNTS = 8;

test('no secret key and no admin credential is in a log, in a file, or in the list of processes', async (t) => {
  const upstream = await startUpstream();
  const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-stored-'));
  const told = [];
  const receiver = http.createServer(async (request, response) => {
    told.push(JSON.stringify(request.headers));
    for await (const part of request) told.push(part.toString('utf8'));
    response.end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const policy = policyFor(upstream.origin, {
    webhook: `http://127.0.0.1:${receiver.address().port}/`,
    leaks: { presented: true, github: true },
    exposure: { live: 'quarantine', test: 'revoke' },
  });
  const signing = `whsec_${randomBytes(32).toString('base64')}`;
  const { edge, api } = await startApi({ policy, folder, vars: { WEBHOOK_SECRET: signing } });
  t.after(async () => {
    try {
      receiver.close();
      await stopAll(edge, upstream);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const shown = new Set([api.credential, signing]);
  for (let count = 0; count < ACCOUNTS; count += 1) for (const key of await session(api, edge)) shown.add(key);
  t.diagnostic(`${shown.size} secrets were shown`);
  await until(() => told.join('').split('"key.exposed"').length > ACCOUNTS, 'a message for each account');
  const processes = listOfProcesses();
  const places = [
    ['the log', Buffer.from(edge.lines.all.join('\n'))],
    ['the messages', Buffer.from(told.join('\n'))],
    ['the list of processes', Buffer.from(processes.join('\n'))],
    ...filesBelow(folder).map((file) => [path.relative(folder, file), readFileSync(file)]),
  ];
  t.diagnostic(`searched: ${places.length} places, ${places.reduce((sum, [, { length }]) => sum + length, 0)} bytes`);

  // The search finds what is there: digests in databases and store, the log's lines, our own process.
  const has = (text, isIn) => places.some(([name, bytes]) => isIn(name) && bytes.includes(text));
  const isFile = (name) => !name.startsWith('the ');
  for (const key of shown) if (key.startsWith('sk_')) assert.ok(has(digest(key), isFile), 'a digest is not on disk');
  assert.ok(has('"event":"admin"', (name) => name === 'the log'));
  assert.ok(processes.some((line) => line.includes('workerd')));
  for (const part of ['.sqlite', '.sqlite-wal', 'blobs']) assert.ok(places.some(([name]) => name.includes(part)), part);

  for (const secret of new Set([...shown, ...secretKeys])) {
    for (const needle of writings(secret)) {
      for (const [name, bytes] of places) assert.ok(!bytes.includes(needle), `${name} holds a secret`);
    }
  }
});

/** All that one does with an account in a day; the secret keys that were shown. */
async function session(api, edge) {
  const { id, keys, list } = await api.createAccount({ label: 'Shop' });
  const texts = list.map(({ key }) => key);
  for (const kind of ['secret', 'publishable']) {
    for (const mode of ['live', 'test']) texts.push((await api.issue(id, { kind, mode, label: 'more' })).key);
  }
  for (const body of [{ grace_seconds: 0 }, { grace_seconds: 60 }, { grace_seconds: 60, end_grace: true }]) {
    for (const key of [keys.secret_live, keys.secret_test]) texts.push((await api.rotate(key, body)).key);
  }
  // What comes again, or goes wrong, shows and keeps no more than what goes well.
  const headers = { 'Idempotency-Key': `issue-${id}` };
  const issue = () => api.post(`/accounts/${id}/keys`, { kind: 'secret', mode: 'live' }, headers);
  texts.push((await issue()).ok(201).key);
  assert.equal((await issue()).ok(201).key, undefined);
  await api.post(`/accounts/${id}/keys?dry_run=true`, { kind: 'secret', mode: 'live' });
  await api.patch(`/accounts/${id}/keys/${keys.secret_live.id}`, { label: texts[1] });
  await api.post(`/accounts/${id}/keys/${keys.secret_live.id}/revoke`, { reason: `leaked: ${texts[1]}` });
  await api.post('/accounts', { id: texts[1] });
  await api.get(`/accounts/${texts[1]}/keys/${texts[3]}`);
  await api.with({ 'Keyguard-Actor': texts[1] }).get('/accounts');
  await api.post('/accounts', {}, { 'Idempotency-Key': texts[1] });
  await api.post('/accounts', `{"label":"${texts[1]}`);
  const moved = issueKey('secret', 'live');
  const rows = [{ digest: digest(moved), kind: 'secret', mode: 'live', last_four: moved.slice(-4) }];
  (await api.post(`/accounts/${id}/import`, { keys: rows })).ok(200);
  await api.written(id);
  for (const key of [...texts, moved]) {
    await edge.sendAs({ key }, { target: '/status/204' });
    await edge.sendAs({ key: mistyped(key) }, { target: '/status/204' });
    await edge.sendAs({ key }, { target: `/status/204?key=${key}` });
    await edge.send({ target: `/${key}`, headers: [['Authorization', `Basic ${key}`]] });
  }
  await leak(api, edge, id, texts);
  await api.revoke(keys.secret_live, 'over');
  (await api.post(`/accounts/${id}/project`)).ok(202);
  await api.written(id);
  await api.audit(id);
  return [...texts, moved].filter((key) => key.startsWith('sk_'));
}

/** Keys become public, in all ways and with all mistakes. */
async function leak(api, edge, id, texts) {
  const object = await edge.account(id);
  for (const [index, key] of texts.entries()) {
    const place = index % 2 ? `https://shop.example/${key}` : 'https://shop.example';
    const report = { digest: digest(key), key_id: key, action: 'refuse', channel: 'browser', place, at: now(), redacted: key };
    await object.expose(JSON.stringify(report));
    await object.used(JSON.stringify({ key_id: key, at: now() }));
  }
  const nobody = { Authorization: undefined };
  for (const key of texts.slice(-4)) {
    await api.post('/leaks', { key }, nobody);
    await api.post('/leaks', { key: `${key} ` }, nobody);
    await api.post('/leaks', { [key]: key }, nobody);
    await api.post(`/leaks?key=${key}`, { key }, nobody);
    const signed = { 'Github-Public-Key-Identifier': key, 'Github-Public-Key-Signature': key };
    await api.post('/leaks/github', [{ token: key, type: key, url: key }], { ...nobody, ...signed });
  }
  await assert.rejects(object.expose(JSON.stringify({ digest: texts[0], action: texts[1] })));
}

/** A secret's body as it might be written: plain, backwards, in hex and in base64 at any offset. */
function* writings(secret) {
  const body = secret.replace(/^(kgadmin|sk|whsec)_(test_)?/, '');
  const hex = Buffer.from(body).toString('hex');
  yield body;
  yield [...body].reverse().join('');
  yield hex;
  yield hex.toUpperCase();
  yield Buffer.from(body, 'utf16le');
  for (const before of ['', ' ', '  ']) {
    // What comes before and after the body changes the outermost digits alone.
    const base64 = Buffer.from(before + body).toString('base64').replace(/=+$/, '');
    const inner = base64.slice(before.length === 0 ? 0 : before.length + 1, -2);
    yield inner;
    yield inner.replaceAll('+', '-').replaceAll('/', '_');
  }
}

function filesBelow(folder) {
  const names = readdirSync(folder, { recursive: true }).map((name) => path.join(folder, name));
  return names.filter((name) => statSync(name).isFile());
}

/** The command line of every process that we may see. */
function listOfProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'latin1')];
      } catch {
        // It has ended.
        return [];
      }
    });
}
