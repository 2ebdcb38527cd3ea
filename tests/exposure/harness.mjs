// Pages of ours in real browsers, which say what became of their requests.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';

import { within } from '../edge/harness.mjs';

/**
 * Serves the pages of this folder to both names of this machine, which are two sites: `run(browser, host, settings)` opens one
 * there and gives what it reports.
 */
export async function startPages() {
  const runs = new Map();
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const run = runs.get(searchParams.get('run'));
    if (pathname === '/') return answer(response, 'text/html', '<!doctype html><title>Shop</title><script type="module" src="/page.mjs"></script>');
    if (pathname === '/page.mjs') return answer(response, 'text/javascript', readFileSync(new URL('page/page.mjs', import.meta.url)));
    if (pathname === '/settings') return answer(response, 'application/json', JSON.stringify(run.settings));
    if (pathname === '/report') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      answer(response, 'text/plain', '');
      return run.resolve(JSON.parse(Buffer.concat(chunks)));
    }
    response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  let count = 0;
  return {
    origin: (host) => `http://${host}:${port}`,
    async run(browser, host, settings) {
      const id = String((count += 1));
      const { promise, resolve } = Promise.withResolvers();
      runs.set(id, { settings, resolve });
      await browser.visit(`http://${host}:${port}/?run=${id}`);
      return within(promise, "the page's report");
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A server that any page may ask, and that keeps the headers which it got. */
export async function startWitness() {
  const received = [];
  const server = http.createServer((request, response) => {
    const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization', 'access-control-allow-methods': '*' };
    if (request.method !== 'OPTIONS') received.push(request.headers);
    response.writeHead(204, cors).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    received,
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A port at which nothing listens: it was free a moment ago. */
export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answer(response, type, body) {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
}
