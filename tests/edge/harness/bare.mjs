// The built Worker in the runtime alone, over a store that a test plays: every fault of a store can be had, and the
// runtime can be killed and started again on the same disk.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import workerd from 'workerd';

import { Edge, Lines, assertNoSecretKeys, compatibility, workerModules } from './edge.mjs';

const FIELDS = { ESModule: 'esModule', CompiledWasm: 'wasm' };

/** What stands before the entry module where a test moves the Worker's clock or breaks its bindings. */
const STAND_IN = readFileSync(new URL('stand-in.mjs', import.meta.url), 'utf8');

/**
 * Starts an edge whose KV namespace is the HTTP server at `store`, an origin (`null`: no such binding). `policy` is an object, or
 * text for a variable that is just that; `admin` is the secret with the admin API's credentials, `vars` are further variables and
 * secrets, `usage` is the origin of an HTTP server that takes the Analytics Engine's points, and `build` and `worker` are folders.
 * `v8Flags` are flags of the JavaScript engine. `proxy` is the origin of an HTTP proxy through which all calls of upstreams go.
 * With `standIn` the clock and the bindings obey the header `X-Stand-In` (see stand-in.mjs).
 */
export async function startBareEdge(options) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-edge-'));
  mkdirSync(path.join(folder, 'objects'));
  const edge = new BareEdge(folder);
  edge.configure(options);
  await edge.start();
  return edge;
}

/** An edge of which the runtime is the test's own child. */
export class BareEdge extends Edge {
  #child;
  #exited;

  constructor(folder) {
    super(0, new Lines(), () => this.#stop());
    this.folder = folder;
  }

  /** The folder of the Durable Objects' databases. */
  get disk() {
    return path.join(this.folder, 'objects');
  }

  get pid() {
    return this.#child.pid;
  }

  /** Writes what the runtime reads when it is started next: another deployment. */
  configure({ build, worker, standIn = false, ...options }) {
    const modules = workerModules(build, worker);
    if (standIn) modules.unshift({ type: 'ESModule', path: 'stand-in.mjs', contents: STAND_IN });
    for (const module of modules) {
      mkdirSync(path.dirname(path.join(this.folder, module.path)), { recursive: true });
      writeFileSync(path.join(this.folder, module.path), module.contents);
    }
    writeFileSync(path.join(this.folder, 'config.capnp'), config({ ...options, modules, folder: this.folder }));
  }

  /** Starts the runtime: at the same port as before, on the same disk. */
  async start() {
    const options = ['serve', '--experimental', '--control-fd=3', `--socket-addr=http=127.0.0.1:${this.port}`];
    const child = spawn(workerd.default, [...options, 'config.capnp'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => this.lines.add(line));
    }
    const [event] = await Promise.race([once(createInterface(child.stdio[3]), 'line'), this.#exited]);
    if (typeof event !== 'string') throw new Error(`workerd ended: ${this.lines.all.join('\n')}`);
    this.port = JSON.parse(event).port;
    this.origin = `http://127.0.0.1:${this.port}`;
  }

  /** Ends the runtime as a crash does: it gets no time for anything. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #stop() {
    this.#child.kill();
    await this.#exited;
    rmSync(this.folder, { recursive: true });
    assertNoSecretKeys(this.lines.all);
  }
}

const text = (name, value) => `(name = "${name}", text = ${JSON.stringify(value)}),`;
const json = (name, value) => `(name = "${name}", json = ${JSON.stringify(JSON.stringify(value))}),`;

/** An HTTP server of the test's as a service, if there is one. */
const external = (name, origin) =>
  origin ? `(name = "${name}", external = (address = "${new URL(origin).host}", http = ())),` : '';

/** What is between the edge and its upstreams: a proxy of the test's, which sees what the platform is told beside each request, or nothing. */
const internet = (proxy) =>
  proxy
    ? `external = (address = "${new URL(proxy).host}", http = (style = proxy, cfBlobHeader = "X-Cf"))`
    : 'network = (allow = ["private", "public"])';

const config = ({ modules, policy, store, usage, proxy, admin, vars = {}, v8Flags = [], folder }) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = ${JSON.stringify(v8Flags)},
  services = [
    (name = "edge", worker = .edge),
    ${external('store', store)}
    ${external('usage', usage)}
    (name = "internet", ${internet(proxy)}),
    (name = "disk", disk = (path = "${path.join(folder, 'objects')}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "edge")],
);
const edge :Workerd.Worker = (
  modules = [${modules.map(({ type, path: name }) => `(name = "${name}", ${FIELDS[type]} = embed "${name}")`).join(', ')}],
  compatibilityDate = "${compatibility().compatibilityDate}",
  compatibilityFlags = ${JSON.stringify(compatibility().compatibilityFlags)},
  bindings = [
    ${store ? '(name = "KEYS", kvNamespace = "store"),' : ''}
    ${usage ? '(name = "USAGE", analyticsEngine = "usage"),' : ''}
    ${policy === undefined ? '' : (typeof policy === 'string' ? text : json)('POLICY', policy)}
    (name = "ACCOUNTS", durableObjectNamespace = "Account"),
    (name = "DIGESTS", durableObjectNamespace = "DigestIndex"),
    ${admin === undefined ? '' : text('ADMIN_CREDENTIALS', admin)}
    ${Object.entries(vars).map(([name, value]) => text(name, value)).join(' ')}
  ],
  durableObjectNamespaces = [
    (className = "Account", uniqueKey = "accounts", enableSql = true),
    (className = "DigestIndex", uniqueKey = "digests", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
);
`;
