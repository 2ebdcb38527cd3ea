// The one server that all shops know: it hands each its settings, is the API that it pays at, and takes its report.

import { once } from 'node:events';
import http from 'node:http';

import { within } from '../../edge/harness.mjs';

export const KEY = 'pk_test_0aZ9bY8cX7dW6eV5fU4gT3hS2i2CpBbi';
export const SECRET = 'sk_vYZCAeHawUqDCmVpEKh2U';

/** Starts it: `open()` gives a new shop's `{ settings, query, report, received }`. */
export async function startDesk() {
  const shops = new Map();
  const windows = new Map();
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const [, place, run, ...rest] = request.url.split('/');
    const answer = (status, value, headers) => response.writeHead(status, { ...CORS, 'cache-control': 'no-store', ...headers }).end(value);
    if (request.method === 'OPTIONS') return answer(204);
    if (place === 'windows') return answer(200, WINDOWS, { 'content-type': 'text/html' });
    if (place === 'next') return windows.get(run).resolve((url) => answer(200, url));
    const shop = shops.get(run);
    if (shop === undefined) return answer(404);
    if (place === 'settings') return answer(200, JSON.stringify(shop.settings));
    if (place === 'report') {
      shop.resolve(JSON.parse(body));
      return answer(204);
    }
    const path = `/${rest.join('/')}`;
    shop.received.push({ method: request.method, path, headers: request.headers, body });
    // Busy at first.
    if (shop.received.length === 1) return answer(503, '', { 'retry-after': '0' });
    if (path === '/collect/payment_sessions') return answer(201, '{"id":"ps_1"}', { 'content-type': 'application/json' });
    return answer(402, '{"status":402,"code":"card-declined"}', { 'content-type': 'application/problem+json' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    open() {
      const run = String(shops.size + 1);
      const { promise, resolve } = Promise.withResolvers();
      const settings = { key: KEY, secret: SECRET, baseUrl: `${origin}/api/${run}` };
      const shop = { settings, query: `desk=${encodeURIComponent(origin)}&run=${run}`, received: [], resolve, report: () => within(promise, "the shop's report") };
      shops.set(run, shop);
      return shop;
    },
    /** Lets a browser show the desk's own page, which opens others: `visit(url)`. */
    async furnish(browser) {
      const id = String(windows.size + 1);
      windows.set(id, Promise.withResolvers());
      await browser.visit(`${origin}/windows/${id}`);
      return async (url) => {
        const show = await within(windows.get(id).promise, "a browser's window");
        windows.set(id, Promise.withResolvers());
        show(url);
      };
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key',
  'access-control-allow-methods': 'GET, POST',
  'access-control-expose-headers': 'retry-after',
};

/** Opens one page after the other as it is told, so that a browser needs no driver. */
const WINDOWS = `<!doctype html><title>Desk</title><script type="module">
  for (let shown; ;) {
    const response = await fetch(location.pathname.replace('windows', 'next'));
    const url = await response.text();
    shown?.close();
    shown = open(url);
  }
</script>`;
