// The operator is told of exposed keys: by a signed message, again until it arrives, and not more than once a minute for a key.

import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import {
  Api, digest, entryOf, issueCredential, now, playStore, policyFor, sleep, startApi, startBareEdge, startUpstream, stopAll, until,
} from './harness.mjs';

const SECRET = randomBytes(32);
const ANOTHER_MINUTE = { timeout: 150_000 };

let upstream;
before(async () => { upstream = await startUpstream(); });
after(() => upstream.stop());

/** A receiver that takes down what it is sent, and answers as `answer` says: a status, 'silence' or 'hang-up', or later which. */
async function startReceiver() {
  const receiver = { messages: [], answer: () => 204 };
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString('utf8');
    receiver.messages.push({ headers: request.headers, body, at: Date.now(), path: request.url, method: request.method });
    const status = await receiver.answer(receiver.messages.length);
    if (status === 'silence') return;
    if (status === 'hang-up') return void request.socket.destroy();
    response.writeHead(status, status === 307 ? { Location: '/elsewhere' } : {}).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${server.address().port}/hooks/keyguard?tenant=1`;
  receiver.stop = async () => {
    server.close();
    server.closeAllConnections();
  };
  return receiver;
}

async function startTold(t, { vars = { WEBHOOK_SECRET: `whsec_${SECRET.toString('base64')}` }, fields = {} } = {}) {
  const receiver = await startReceiver();
  const policy = policyFor(upstream.origin, { webhook: receiver.url, ...fields });
  const { edge, api } = await startApi({ policy, vars });
  t.after(() => stopAll(edge, receiver));
  return { edge, api, receiver };
}

const textOf = (key, action, fields) => JSON.stringify({
  digest: digest(key), key_id: 'key_x', action, channel: 'browser', place: 'https://shop.example', at: now(),
  redacted: `sk_…${key.slice(-4)}`, ...fields,
});

async function report(edge, account, key, action = 'quarantine', fields = {}) {
  const object = await edge.account(account);
  return JSON.parse(await object.expose(textOf(key, action, fields)));
}

/** An edge whose alarms its log has. `present` reports a key as its holder does. */
async function startWatched(t) {
  const [receiver, store] = [await startReceiver(), await playStore()];
  const credential = issueCredential();
  const edge = await startBareEdge({
    policy: policyFor(upstream.origin, { webhook: receiver.url, leaks: { presented: true } }),
    store: store.origin,
    standIn: true,
    admin: entryOf('ops', credential),
    vars: { WEBHOOK_SECRET: `whsec_${SECRET.toString('base64')}` },
  });
  t.after(() => stopAll(edge, store, receiver));
  const api = new Api(edge, credential);
  const present = async ({ key }) => (await api.post('/leaks', { key }, { Authorization: undefined })).ok(202);
  const alarms = () => edge.lines.all.filter((line) => line.includes('"event":"alarm"')).length;
  return { edge, api, receiver, present, alarms };
}

/** Checks a message as its receiver would, by the specification alone. */
function verified({ headers, body, at }) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const expected = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${expected}`);
  assert.match(timestamp, /^\d{10}$/);
  assert.ok(Math.abs(Number(timestamp) - at / 1000) < 60);
  assert.match(id, /^msg_[0-9A-Za-z]{20}$/);
  assert.equal(headers['content-type'], 'application/json');
  return JSON.parse(body);
}

describe('the webhook', { concurrency: true }, () => {
  test('is told what happened to which key, and where it was seen', async (t) => {
    const { edge, api, receiver } = await startTold(t);
    const { id, keys: { secret_live: key } } = await api.createAccount();
    const at = now();
    await report(edge, id, key.key, 'quarantine', { at });
    const [message] = await until(() => receiver.messages.length > 0 && receiver.messages, 'a message');
    assert.deepEqual([message.method, message.path], ['POST', '/hooks/keyguard?tenant=1']);
    assert.deepEqual(verified(message), {
      type: 'key.exposed',
      timestamp: new Date(at * 1000).toISOString(),
      data: {
        account: id, key_id: key.id, kind: 'secret', mode: 'live', action: 'quarantine', channel: 'browser',
        place: 'https://shop.example', redacted: `sk_…${key.key.slice(-4)}`, count: 1,
      },
    });
    assert.ok(!message.body.includes(key.key.slice(3)));
    await report(edge, id, key.key, 'quarantine');
    await sleep(500);
    assert.equal(receiver.messages.length, 1, 'what changes nothing is counted alone');
  });

  test('is told again under the same id until it takes the message', async (t) => {
    const { edge, api, receiver } = await startTold(t);
    receiver.answer = (count) => [500, 'hang-up', 307][count - 1] ?? 200;
    const { id, keys: { secret_live: key } } = await api.createAccount();
    await report(edge, id, key.key, 'revoke');
    await until(() => receiver.messages.length === 4, 'the fourth try', 60_000);
    const bodies = receiver.messages.map((message) => verified(message));
    for (const body of bodies) assert.deepEqual(body, bodies[0]);
    assert.equal(new Set(receiver.messages.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.ok(receiver.messages.every(({ path }) => path !== '/elsewhere'), 'a redirect was followed');
    await sleep(500);
    assert.equal(receiver.messages.length, 4);
  });

  test('is told of a key once a minute, with the strongest action and how often it was', ANOTHER_MINUTE, async (t) => {
    const { edge, api, receiver } = await startTold(t);
    const { id, keys: { secret_live: key, secret_test: other } } = await api.createAccount();
    await report(edge, id, key.key, 'refuse');
    await until(() => receiver.messages.length === 1, 'the first message');
    for (const action of ['refuse', 'quarantine', 'refuse', 'quarantine']) await report(edge, id, key.key, action);
    // Another key doesn't wait for this one.
    await report(edge, id, other.key, 'refuse');
    await until(() => receiver.messages.length === 2, "the other key's message");
    await until(() => receiver.messages.length === 3, 'the next message', 90_000);
    const [first, second, third] = receiver.messages;
    assert.equal(verified(second).data.key_id, other.id);
    assert.ok(third.at - first.at >= 60_000, `${third.at - first.at} ms`);
    assert.deepEqual([verified(first).data.count, verified(third).data.count], [1, 4]);
    assert.deepEqual([verified(third).data.action, verified(third).data.key_id], ['quarantine', key.id]);
  });

  test('that refuses one message for ever is told of what comes later', ANOTHER_MINUTE, async (t) => {
    const { edge, api, receiver } = await startTold(t);
    let refused;
    receiver.answer = () => {
      const id = receiver.messages.at(-1).headers['webhook-id'];
      refused ??= id;
      return id === refused ? 400 : 200;
    };
    const { id, keys: { secret_live: key } } = await api.createAccount();
    await report(edge, id, key.key, 'refuse');
    await until(() => receiver.messages.length === 1, 'the first message');
    await report(edge, id, key.key, 'quarantine');
    const other = await until(
      () => receiver.messages.find(({ headers }) => headers['webhook-id'] !== refused), 'the second message', 90_000);
    assert.equal(verified(other).data.action, 'quarantine');
    // It waited its minute as if the first had been taken.
    assert.ok(other.at - receiver.messages[0].at >= 60_000, `${other.at - receiver.messages[0].at} ms`);
    // Once it was taken no more of it comes, while the first goes on.
    const tries = () => receiver.messages.filter(({ headers }) => headers['webhook-id'] === refused).length;
    const before = tries();
    assert.ok(before >= 3, `${before}`);
    await until(() => tries() > before, 'another try of the first message', 90_000);
    assert.equal(receiver.messages.length, tries() + 1);
  });

  test('that is silent holds no revocation up', async (t) => {
    const { edge, api, receiver } = await startTold(t);
    receiver.answer = () => 'silence';
    const { id, keys: { secret_live: key, secret_test: other } } = await api.createAccount();
    await api.written(id);
    await report(edge, id, key.key, 'quarantine');
    await until(() => receiver.messages.length > 0, 'a message');
    await api.revoke(other);
    await api.written(id);
    assert.equal(receiver.messages.length, 1, 'the receiver was still silent');
  });

  test('that is silent wakes nobody while another message waits, and then gets it', async (t) => {
    const { api, receiver, present, alarms } = await startWatched(t);
    receiver.answer = (count) => (count === 1 ? 'silence' : 204);
    const { id, keys: { secret_live: first, secret_test: second } } = await api.createAccount();
    await present(first);
    await until(() => receiver.messages.length === 1, 'a message');
    const before = alarms();
    await present(second);
    await sleep(2000);
    assert.ok(alarms() - before < 10, `${alarms() - before} alarms`);
    await api.written(id);
    assert.equal(receiver.messages.length, 1, 'the receiver was still silent');
    await until(() => receiver.messages.length === 3, 'both messages', 60_000);
    const told = receiver.messages.map((message) => verified(message).data.key_id);
    assert.deepEqual(new Set(told.slice(1)), new Set([first.id, second.id]));
  });

  test('is told what came in while its message waited behind another', async (t) => {
    const { edge, api, receiver } = await startTold(t);
    const { promise: isOver, resolve: answer } = Promise.withResolvers();
    receiver.answer = (count) => (count === 1 ? isOver : 204);
    const { id, keys: { secret_live: first, secret_test: second } } = await api.createAccount();
    const object = await edge.account(id);
    // Both are due at once.
    await object.exposeAll([first, second].map(({ key }) => textOf(key, 'quarantine')), 'request');
    await until(() => receiver.messages.length === 1, 'a message');
    const waiting = [first, second].find((key) => key.id !== verified(receiver.messages[0]).data.key_id);
    for (let times = 0; times < 3; times += 1) await report(edge, id, waiting.key, 'refuse');
    answer(204);
    await until(() => receiver.messages.length === 2, 'the other message');
    const { data } = verified(receiver.messages[1]);
    assert.deepEqual([data.key_id, data.count], [waiting.id, 4]);
  });

  test('of many messages is told in bounded runs, of each once', async (t) => {
    const { api, receiver, present, alarms } = await startWatched(t);
    const { promise: isOver, resolve: answer } = Promise.withResolvers();
    let before;
    receiver.answer = (count) => {
      if (count === 2) before = alarms();
      return count === 1 ? isOver : 204;
    };
    const { id, keys: { secret_live: first } } = await api.createAccount();
    const keys = [first];
    while (keys.length < 120) keys.push(await api.issue(id, { kind: 'secret', mode: 'test' }));
    await present(first);
    await until(() => receiver.messages.length === 1, 'a message');
    await Promise.all(keys.slice(1).map(present));
    answer(204);
    await until(() => receiver.messages.length === keys.length, 'all messages', 60_000);
    const told = new Set(receiver.messages.map((message) => verified(message).data.key_id));
    assert.equal(told.size, keys.length);
    // Fifty in a run: the first one was with others, and two more have the rest.
    assert.ok(alarms() - before >= 2, `${alarms() - before} alarms`);
  });

  test('is told nothing that is not signed', async (t) => {
    for (const secret of [undefined, '', 'whsec_', `whsec_${randomBytes(12).toString('base64')}`, SECRET.toString('base64')]) {
      const { edge, api, receiver } = await startTold(t, { vars: secret === undefined ? {} : { WEBHOOK_SECRET: secret } });
      const { id, keys: { secret_live: key } } = await api.createAccount();
      await report(edge, id, key.key);
      const line = await edge.lines.find(({ event }) => event === 'webhook-unsent');
      assert.match(line.reason, /WEBHOOK_SECRET/);
      assert.equal((await api.show(key)).status, 'exposed');
      assert.equal(receiver.messages.length, 0);
    }
  });
});
