// What stands behind the edge: the demo upstream in a process of its own, or a server that a test plays itself.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../../xtask/demo/upstream.mjs', import.meta.url));

/** Starts the demo upstream, which keeps its own log of what it received. */
export async function startUpstream() {
  const child = spawn(process.execPath, [DEMO, '--port', '0', '--quiet'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  const origin = `http://127.0.0.1:${/\d+$/.exec(line)[0]}`;
  return {
    origin,
    /** The requests since the last `clear`. */
    received: async () => (await (await fetch(`${origin}/__log`)).json()).map(entry),
    clear: () => fetch(`${origin}/__log`, { method: 'DELETE' }),
    stop: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** Starts a server in this process, for what has to be agreed step by step: `respond(request, response)`. */
export async function playUpstream(respond) {
  const server = http.createServer(respond);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** An address at which nothing listens: it was free a moment ago. */
export async function refusingOrigin() {
  const { origin, stop } = await playUpstream(() => {});
  await stop();
  return origin;
}

/** An entry of the demo upstream's log, with its header lines as pairs. */
function entry({ rawHeaders, ...rest }) {
  const headers = [];
  for (let index = 0; index < rawHeaders.length; index += 2) headers.push([rawHeaders[index], rawHeaders[index + 1]]);
  return { ...rest, headers };
}

/** Every value of a header in a list of pairs. */
export const values = (headers, name) =>
  headers.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value);

/** The names in a list of pairs, lower case, in order. */
export const names = (headers) => headers.map(([name]) => name.toLowerCase());

/** Stops everything, whatever fails on the way, and then fails with the first failure. */
export async function stopAll(...running) {
  const results = await Promise.allSettled(running.map((one) => one?.stop()));
  for (const { reason } of results) if (reason) throw reason;
}
