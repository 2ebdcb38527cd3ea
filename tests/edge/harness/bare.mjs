// The built Worker in the runtime alone, over a store that a test plays: every fault of a store can be had.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import workerd from 'workerd';

import { Edge, Lines, assertNoSecretKeys, compatibility, workerModules } from './edge.mjs';

const FIELDS = { ESModule: 'esModule', CompiledWasm: 'wasm' };

/** Starts an edge whose KV namespace is the HTTP server at `store`, an origin. */
export async function startBareEdge({ policy, store }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-edge-'));
  const modules = workerModules();
  for (const module of modules) {
    mkdirSync(path.dirname(path.join(folder, module.path)), { recursive: true });
    writeFileSync(path.join(folder, module.path), module.contents);
  }
  writeFileSync(path.join(folder, 'config.capnp'), config({ modules, policy, store }));
  const child = spawn(workerd.default, ['serve', '--experimental', '--control-fd=3', 'config.capnp'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const lines = new Lines();
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => lines.add(line));
  const exited = once(child, 'exit');
  const [event] = await Promise.race([once(createInterface(child.stdio[3]), 'line'), exited]);
  if (typeof event !== 'string') throw new Error(`workerd ended: ${lines.all.join('\n')}`);
  const stop = async () => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true });
    assertNoSecretKeys(lines.all);
  };
  return new Edge(JSON.parse(event).port, lines, stop);
}

const config = ({ modules, policy, store }) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "store", external = (address = "${new URL(store).host}", http = ())),
    (name = "internet", network = (allow = ["private", "public"])),
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
  ],
);
`;
