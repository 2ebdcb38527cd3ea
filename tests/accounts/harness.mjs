// What the tests of the write side share: a client of the admin API, and a store that a test plays.

import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { checksum, digest, policyFor as edgePolicyFor, secretKeys, startEdge, within } from '../edge/harness.mjs';

export * from '../edge/harness.mjs';
export { sleep };

/** The edge's policy, without its memory: what the store has is what these tests look at. */
export const policyFor = (origin, fields = {}) => edgePolicyFor(origin, { memory_ttl: 0, ...fields });

export const BASE = '/_keyguard/v1';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** An admin credential as anyone can make one from the published rule; nobody may see it in a log or an answer. */
export function issueCredential() {
  const before = `kgadmin_${Array.from({ length: 26 }, () => ALPHABET[randomInt(62)]).join('')}`;
  const credential = before + checksum(before);
  secretKeys.add(credential);
  return credential;
}

/** The entry of the deployment's secret that lets a credential in. */
export const entryOf = (name, credential) => `${name}:${digest(credential)}`;

/** Starts an edge with the admin API on: `{ edge, api }`. */
export async function startApi(options) {
  const credential = issueCredential();
  const edge = await startEdge({ ...options, admin: entryOf('ops', credential) });
  return { edge, api: new Api(edge, credential) };
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** A client of the admin API. What it receives isn't searched for secret keys: it is told them, once. */
export class Api {
  constructor(edge, credential, headers = {}) {
    Object.assign(this, { edge, credential, headers });
  }

  /** The same, as somebody else or with further headers. */
  with(headers) {
    return new Api(this.edge, this.credential, { ...this.headers, ...headers });
  }

  get(path) {
    return this.ask('GET', path);
  }

  post(path, body = {}, headers = {}) {
    return this.ask('POST', path, body, headers);
  }

  patch(path, body, headers = {}) {
    return this.ask('PATCH', path, body, headers);
  }

  /** Asks for `path` below the API's base. A `body` that is no text is sent as JSON; a header of `undefined` isn't. */
  ask(method, path, body, headers = {}) {
    const isChange = method !== 'GET';
    const all = {
      Authorization: `Bearer ${this.credential}`,
      ...(isChange ? { 'Idempotency-Key': randomUUID(), 'Content-Type': 'application/json' } : {}),
      ...this.headers,
      ...headers,
    };
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const bytes = body === undefined ? undefined : Buffer.from(isRaw ? body : JSON.stringify(body));
    if (bytes) all['Content-Length'] ??= bytes.length;
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return within(this.#exchange(method, path, all, bytes), 'an answer');
  }

  #exchange(method, path, headers, bytes) {
    return new Promise((resolve, reject) => {
      const { port } = this.edge;
      const request = http.request({ port, host: '127.0.0.1', method, path: BASE + path, headers, agent });
      request.on('error', reject);
      request.on('response', async (response) => {
        try {
          const parts = [];
          for await (const part of response) parts.push(part);
          resolve(new Answer(response, Buffer.concat(parts).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
      request.end(bytes);
    });
  }

  /** Makes an account: `{ id, keys }`, its keys by `secret_live` and so on. */
  async createAccount(body = {}) {
    const { account, keys } = (await this.post('/accounts', body)).ok(201);
    for (const { key } of keys) watch(key);
    const byName = Object.fromEntries(keys.map((key) => [`${key.kind}_${key.mode}`, key]));
    return { id: account.id, account, keys: byName, list: keys };
  }

  /** Issues one more key. */
  async issue(account, body) {
    return watched((await this.post(`/accounts/${account}/keys`, body)).ok(201));
  }

  async rotate({ account, id }, body = {}) {
    return watched((await this.post(`/accounts/${account}/keys/${id}/rotate`, body)).ok(200));
  }

  async revoke({ account, id }, reason = 'leaked', fields = {}) {
    return (await this.post(`/accounts/${account}/keys/${id}/revoke`, { reason, ...fields })).ok(200);
  }

  async update({ account, id }, change) {
    return (await this.patch(`/accounts/${account}/keys/${id}`, change)).ok(200);
  }

  async show({ account, id }) {
    return (await this.get(`/accounts/${account}/keys/${id}`)).ok(200);
  }

  /** All of a list, page by page: `field` of each answer. */
  async all(path, field, limit = 1000) {
    const items = [];
    for (let cursor = ''; cursor !== null; ) {
      const query = new URLSearchParams(cursor ? { limit, cursor } : { limit });
      const page = (await this.get(`${path}${path.includes('?') ? '&' : '?'}${query}`)).ok(200);
      items.push(...page[field]);
      cursor = page.next_cursor;
    }
    return items;
  }

  audit(account) {
    return this.all(`/accounts/${account}/audit`, 'entries');
  }

  /** Waits until the store has all that an account has for it. */
  written(account) {
    return until(async () => {
      const { projection } = (await this.get(`/accounts/${account}`)).ok(200);
      return projection.pending === 0;
    }, `the projection of ${account}`);
  }
}

/** An answer of the admin API. */
class Answer {
  constructor({ statusCode, headers }, text) {
    Object.assign(this, { status: statusCode, headers, text });
  }

  header(name) {
    return this.headers[name.toLowerCase()];
  }

  get json() {
    return JSON.parse(this.text);
  }

  /** The body of an answer that has to have this status. */
  ok(status) {
    assert.equal(this.status, status, this.text);
    assert.match(this.header('content-type'), /^application\/json$/);
    assert.equal(this.header('cache-control'), 'no-store');
    assert.ok(this.header('keyguard-request-id')?.length > 0);
    return this.json;
  }

  refused(status, code) {
    return assertProblem(this, status, code);
  }
}

/** That an answer of the admin API, however it was received, is this problem, whole. */
export function assertProblem(answer, status, code) {
  assert.ok(answer, 'there is no answer');
  assert.equal(`${answer.status} ${answer.header('content-type')}`, `${status} application/problem+json`, answer.text);
  const problem = answer.json;
  assert.equal(problem.code, code, answer.text);
  assert.equal(problem.type, `urn:keyguard:problem:${code}`);
  assert.equal(problem.status, status);
  for (const member of ['title', 'detail', 'request_id'])
    assert.ok(problem[member]?.length > 0, `${member}: ${answer.text}`);
  const known = ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id'];
  assert.deepEqual(Object.keys(problem).filter((member) => !known.includes(member)), []);
  assert.equal(answer.header('cache-control'), 'no-store');
  assert.equal(answer.header('keyguard-request-id'), problem.request_id);
  assert.equal(answer.header('www-authenticate'), status === 401 ? 'Bearer realm="keyguard-admin"' : undefined);
  return problem;
}

/** Remembers a key that the API told, so that it is looked for in what nobody may see. */
export function watch(key) {
  if (key?.startsWith('sk_')) secretKeys.add(key);
}

function watched(shown) {
  watch(shown.key);
  return shown;
}

/** Waits until `holds` says so. */
export async function until(holds, what, patience = 20_000) {
  for (const end = Date.now() + patience; ; ) {
    const result = await holds();
    if (result) return result;
    if (Date.now() > end) throw new Error(`${what} didn't come`);
    await sleep(25);
  }
}

/**
 * A KV namespace that the test plays, over HTTP as the runtime speaks it. `fault(name)` says for each put how it goes:
 * `{ delay, status, applied: 'now' | 'never' | milliseconds }`. `history` has for each name when a put failed last and
 * when one went well last.
 */
export async function playStore(fault = () => ({})) {
  const store = { entries: new Map(), metadata: new Map(), history: new Map(), puts: 0, faults: 0, fault, waiting: 0 };
  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  async function answer(request, response) {
    const url = new URL(request.url, 'http://store');
    const name = decodeURIComponent(url.pathname.slice(1));
    if (request.method === 'GET' && name === '') {
      const prefix = url.searchParams.get('prefix') ?? '';
      const keys = [...store.entries.keys()]
        .filter((one) => one.startsWith(prefix))
        .sort()
        .map((one) => ({ name: one, metadata: store.metadata.get(one) }));
      return void response.end(JSON.stringify({ keys, list_complete: true }));
    }
    if (request.method === 'GET') {
      const value = store.entries.get(name);
      return void (value === undefined ? response.writeHead(404).end() : response.end(value));
    }
    if (request.method !== 'PUT') return void response.writeHead(405).end();
    const parts = [];
    for await (const part of request) parts.push(part);
    const value = Buffer.concat(parts).toString('utf8');
    const apply = () => {
      store.entries.set(name, value);
      const metadata = request.headers['cf-kv-metadata'];
      if (metadata !== undefined) store.metadata.set(name, JSON.parse(metadata));
    };
    store.puts += 1;
    const { delay = 0, status = 200, applied = 'now' } = store.fault(name);
    if (delay > 0) await sleep(delay, undefined, { ref: false });
    if (applied === 'now') apply();
    else if (applied !== 'never') {
      store.waiting += 1;
      setTimeout(() => {
        store.waiting -= 1;
        apply();
      }, applied);
    }
    if (status !== 200) store.faults += 1;
    store.history.set(name, { ...store.history.get(name), [status === 200 ? 'clean' : 'failed']: Date.now() });
    response.writeHead(status).end();
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  store.origin = `http://127.0.0.1:${server.address().port}`;
  store.stop = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return store;
}
