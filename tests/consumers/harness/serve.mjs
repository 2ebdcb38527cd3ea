// Servers: of a folder, and of programs that serve by themselves.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { within } from '../../edge/harness.mjs';

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json',
};

/** Serves a folder with these headers. */
export async function serveFolder(folder, headers = {}) {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const file = path.join(folder, path.normalize(pathname.replace(/\/$/, '/index.html')));
    try {
      const body = await readFile(file);
      response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream', ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, stop };
}

/** Starts a Node program that prints the address at which it serves. */
export async function serveProgram(script, args, cwd, env = {}) {
  const child = spawn(process.execPath, [script, ...args], { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const stop = async () => {
    // Some would wait for connections that browsers keep open; none has anything to save.
    child.kill('SIGKILL');
    await exited;
  };
  const printed = [];
  const { promise, resolve, reject } = Promise.withResolvers();
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on('line', (line) => {
      printed.push(line);
      const port = line.match(/http:\/\/(?:127\.0\.0\.1|localhost):(\d+)/)?.[1];
      if (port) resolve({ origin: `http://127.0.0.1:${port}`, stop });
    });
  }
  exited.then(() => reject(new Error(`${path.basename(script)} ended:\n${printed.join('\n')}`)));
  try {
    return await within(promise, `the address of ${path.basename(script)}`);
  } catch (error) {
    await stop();
    throw error;
  }
}
