// The built Worker in the runtime alone, over a store that a test plays: every fault of a store can be had, and the
// runtime can be killed and started again on the same disk.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import workerd from 'workerd';

import { Edge, Lines, assertNoSecretKeys, compatibility, workerModules } from './edge.mjs';

const FIELDS = { ESModule: 'esModule', CompiledWasm: 'wasm' };

/**
 * Starts an edge whose KV namespace is the HTTP server at `store`, an origin; `admin` is the secret with the admin
 * API's credentials.
 */
export async function startBareEdge({ policy, store, admin }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-edge-'));
  mkdirSync(path.join(folder, 'objects'));
  const modules = workerModules();
  for (const module of modules) {
    mkdirSync(path.dirname(path.join(folder, module.path)), { recursive: true });
    writeFileSync(path.join(folder, module.path), module.contents);
  }
  writeFileSync(path.join(folder, 'config.capnp'), config({ modules, policy, store, admin, folder }));
  const edge = new BareEdge(folder);
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

const config = ({ modules, policy, store, admin, folder }) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "store", external = (address = "${new URL(store).host}", http = ())),
    (name = "internet", network = (allow = ["private", "public"])),
    (name = "disk", disk = (path = "${path.join(folder, 'objects')}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "edge")],
);
const edge :Workerd.Worker = (
  modules = [${modules.map(({ type, path: name }) => `(name = "${name}", ${FIELDS[type]} = embed "${name}")`).join(', ')}],
  compatibilityDate = "${compatibility().compatibilityDate}",
  compatibilityFlags = ${JSON.stringify(compatibility().compatibilityFlags)},
  bindings = [
    (name = "KEYS", kvNamespace = "store"),
    (name = "POLICY", json = ${JSON.stringify(JSON.stringify(policy))}),
    (name = "ACCOUNTS", durableObjectNamespace = "Account"),
    (name = "DIGESTS", durableObjectNamespace = "DigestIndex"),
    ${admin === undefined ? '' : `(name = "ADMIN_CREDENTIALS", text = ${JSON.stringify(admin)}),`}
  ],
  durableObjectNamespaces = [
    (className = "Account", uniqueKey = "accounts", enableSql = true),
    (className = "DigestIndex", uniqueKey = "digests", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
);
`;
