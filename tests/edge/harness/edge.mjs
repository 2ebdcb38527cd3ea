// The built Worker in the real runtime with its embedded KV, reached over a socket of its own: nothing stands
// between a test's bytes and the Worker.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';

import { secretKeys } from './keys.mjs';
import { send, sendBytes, transcript, within } from './wire.mjs';

const WORKER = fileURLToPath(new URL('../../../worker/', import.meta.url));

/** The folder of the build that is deployed. */
export const BUILD = path.resolve(process.env.KEYGUARD_WORKER_BUILD ?? path.join(WORKER, 'build'));
/** The folder of the build with the test hooks, if there is one. */
export const TEST_BUILD =
  process.env.KEYGUARD_WORKER_TEST_BUILD && path.resolve(process.env.KEYGUARD_WORKER_TEST_BUILD);

const TYPES = { '.js': 'ESModule', '.mjs': 'ESModule', '.wasm': 'CompiledWasm' };

/** The Worker's modules, under the names that its imports use. `worker` is the folder of its entry module. */
export function workerModules(build = BUILD, worker = WORKER) {
  const names = readdirSync(worker).filter((name) => name.endsWith('.mjs'));
  // The runtime takes the first for the Worker itself.
  const entries = ['entry.mjs', ...names.filter((name) => name !== 'entry.mjs')].map((name) => ({
    type: 'ESModule',
    path: name,
    contents: readFileSync(path.join(worker, name), 'utf8'),
  }));
  const built = readdirSync(build, { recursive: true })
    .filter((name) => path.extname(name) in TYPES)
    .map((name) => ({
      type: TYPES[path.extname(name)],
      path: `build/${name}`,
      contents: readFileSync(path.join(build, name)),
    }))
    .map((module) => (module.type === 'ESModule' ? { ...module, contents: module.contents.toString('utf8') } : module));
  return [...entries, ...built];
}

/** What the deployed Worker runs under, from its own wrangler.toml. */
export function compatibility() {
  const text = readFileSync(path.join(WORKER, 'wrangler.toml'), 'utf8');
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(text)?.[1] ?? '';
  return {
    compatibilityDate: /^compatibility_date\s*=\s*"([^"]+)"/m.exec(text)[1],
    compatibilityFlags: [...flags.matchAll(/"([^"]+)"/g)].map(([, flag]) => flag),
  };
}

/** A policy that serves both modes at `origin`, lets tests speak plain HTTP to this machine, and logs every verdict. */
export function policyFor(origin, fields = {}) {
  return {
    upstream: { live: origin, test: origin },
    routes: [{ method: 'POST', path: '/collect/payment_sessions' }],
    allow_http_on_loopback: true,
    log_allowed: true,
    ...fields,
  };
}

/** Starts one edge. See `startEdges`. */
export async function startEdge(options) {
  const [edge] = await startEdges([options]);
  return edge;
}

/**
 * Starts an edge for each of `options`, all in one runtime over one store:
 * `policy` (left out: no such variable), `admin` (the secret with the admin API's credentials), `vars` (further variables
 * and secrets), `bindings` (any more of miniflare's own options, such as `ratelimits`), `seeds` of the store,
 * `build`, `hasStore` (false: no KV binding), `isHttps` (a TLS listener in place of the plain one) and `folder` (where
 * the runtime keeps what it stores, else gone with it); the last two of the first edge alone.
 */
export async function startEdges(options) {
  const lines = new Lines();
  const isHttps = options[0].isHttps ?? false;
  const workers = options.map(({ policy, admin, vars = {}, bindings = {}, build = BUILD, hasStore = true }, index) => ({
    name: `edge${index}`,
    modules: workerModules(build),
    ...compatibility(),
    bindings: {
      ...(policy === undefined ? {} : { POLICY: policy }),
      ...(admin === undefined ? {} : { ADMIN_CREDENTIALS: admin }),
      ...vars,
    },
    durableObjects: {
      ACCOUNTS: { className: 'Account', useSQLite: true },
      DIGESTS: { className: 'DigestIndex', useSQLite: true },
    },
    kvNamespaces: hasStore ? { KEYS: 'keys' } : {},
    ...bindings,
    unsafeDirectSockets: isHttps ? [] : [{ host: '127.0.0.1', port: 0 }],
  }));
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      workers,
      https: isHttps,
      cf: false,
      handleStructuredLogs: (line) => lines.add(line.message),
    }),
    ...(options[0].folder === undefined ? {} : { resourcePersistencePath: options[0].folder }),
  });
  const origin = await miniflare.ready;
  const seeds = options.flatMap((one) => one.seeds ?? []);
  if (seeds.length > 0) {
    const withStore = options.findIndex(({ hasStore = true }) => hasStore);
    const store = await miniflare.getKVNamespace('KEYS', `edge${withStore}`);
    for (const { entry } of seeds) await store.put(...entry);
  }
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await miniflare.dispose();
    assertNoSecretKeys(lines.all);
  };
  return Promise.all(
    workers.map(async ({ name }) => {
      const { port } = isHttps ? origin : await miniflare.unsafeGetDirectURL(name);
      return new Edge(Number(port), lines, stop, (binding) => miniflare.getDurableObjectNamespace(binding, name));
    }),
  );
}

/** An edge that runs. */
export class Edge {
  constructor(port, lines, stop, namespace) {
    Object.assign(this, { port, lines, stop, namespace, origin: `http://127.0.0.1:${port}` });
  }

  send(request) {
    return send(this.port, request);
  }

  sendBytes(bytes, options) {
    return sendBytes(this.port, bytes, options);
  }

  /** Sends with a key as a bearer token. */
  sendAs({ key }, { headers = [], ...request } = {}) {
    return this.send({ ...request, headers: [['Authorization', `Bearer ${key}`], ...headers] });
  }

  /** The object of an account, as the Worker itself calls it. */
  async account(id) {
    const accounts = await this.namespace('ACCOUNTS');
    return accounts.get(accounts.idFromName(id));
  }

  /** The log line of the verdict on a request. */
  verdict(requestId) {
    return this.lines.find((line) => line.event === 'verdict' && line.request_id === requestId);
  }
}

/** What the edge logged. */
export class Lines {
  all = [];
  #waiting = new Set();

  add(text) {
    this.all.push(text);
    for (const look of this.#waiting) look(text);
  }

  /** The first JSON line, past or to come, for which `matches` holds. */
  async find(matches) {
    const past = this.all.map(parsed).find((line) => line && matches(line));
    if (past) return past;
    const { promise, resolve } = Promise.withResolvers();
    const look = (text) => {
      const line = parsed(text);
      if (line && matches(line)) resolve(line);
    };
    this.#waiting.add(look);
    try {
      return await within(promise, 'such a log line');
    } finally {
      this.#waiting.delete(look);
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** No secret key that this process ever used is in what the edge logged or answered. */
export function assertNoSecretKeys(lines) {
  for (const [place, texts] of [
    ['a log line', lines],
    ['a response', transcript],
  ]) {
    for (const text of texts) {
      for (const key of secretKeys) {
        const body = key.replace(/^sk_(test_)?/, '');
        assert.ok(!text.includes(body), `${place} shows a secret key: ${text.replaceAll(body, '<the key>')}`);
      }
    }
  }
}
