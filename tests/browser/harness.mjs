// The built package, installed from its tarball as a customer installs it, and a browser to use it in.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const TARBALL = path.resolve(process.env.KEYGUARD_TGZ ?? path.join(HERE, '../../www/pkg/keyguard.tgz'));
const CHROMIUM = process.env.KEYGUARD_CHROMIUM ?? '/usr/bin/chromium';

/** A customer's folder with the package installed, beside copies of the named files of this one. */
export async function consumer(t, { files = [], type = 'module' } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'keyguard-consumer-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'customer', private: true, type }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', TARBALL], folder);
  for (const file of files) await cp(path.join(HERE, file), path.join(folder, path.basename(file)));
  return folder;
}

/** Runs a program to its end; what it printed on both outputs is in a failure's message. */
export async function run(program, args, cwd, env = {}) {
  const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, maxBuffer: 1 << 24 };
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  }
}

/** Runs a module in the pinned Node. */
export const node = (folder, code, args = []) =>
  run(process.execPath, [...args, '--input-type=module', '--eval', code], folder);

/** The path of a program of the test packages. */
export const program = (file) => path.join(HERE, '../node_modules', file);

/** Serves a folder, each answer with these headers. */
export async function serve(t, folder, headers = {}) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json' };
  return listen(t, async (request, response) => {
    const name = new URL(request.url, 'http://localhost').pathname.replace(/\/$/, '/index.html');
    try {
      const body = await readFile(path.join(folder, path.normalize(name)));
      response.writeHead(200, { 'content-type': types[path.extname(name)] ?? 'application/octet-stream', ...headers });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
}

/**
 * An API that keeps what it was sent, and tells it at `/__received`. It says yes to every page, or what the path's end asks for:
 * `/a/503,drop,200` is answered with 503, then with a broken connection, then with 200, for ever. `hang` is no answer, `cut` half
 * of one. The query can name a `retry-after`, a content type and a body.
 */
export async function api(t) {
  const received = [];
  const origin = await listen(t, async (request, response) => {
    const cors = {
      // Chromium sends again by itself what was lost on a connection that had served before.
      connection: 'close',
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, x-test',
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'retry-after, keyguard-request-id',
    };
    if (request.method === 'OPTIONS') return response.writeHead(204, cors).end();
    if (request.url === '/__received') return response.writeHead(200, cors).end(JSON.stringify(received));
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const { pathname, searchParams: asked } = new URL(url, 'http://api');
    const earlier = received.filter((other) => other.url === url).length;
    received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const script = pathname === '/redirect' ? ['302'] : pathname.match(/\/((?:\d{3}|drop|hang|cut)(?:,(?:\d{3}|drop|hang|cut))*)$/)?.[1].split(',') ?? ['200'];
    const step = script[Math.min(earlier, script.length - 1)];
    if (step === 'hang') return;
    if (step === 'drop') return request.socket.destroy();
    const reversed = (text) => [...text].reverse().join('');
    // What no guard would let into a URL comes back to front; a header comes back so, as the request's id.
    const body = asked.get('body') ?? (asked.has('reversed') ? reversed(asked.get('reversed')) : '{"ok":true}');
    response.writeHead(step === 'cut' ? 200 : Number(step), {
      ...cors,
      'content-type': asked.get('type') ?? 'application/json',
      'keyguard-request-id': headers['x-test'] ? reversed(headers['x-test']) : (asked.get('id') ?? `req_${received.length}`),
      ...(asked.has('retry-after') && { 'retry-after': asked.get('retry-after') }),
      ...(step.startsWith('30') && { location: '/elsewhere' }),
      ...(step === 'cut' && { 'content-length': 1000 }),
    });
    if (step !== 'cut') return response.end(step === '204' ? undefined : body);
    response.write(body);
    setTimeout(() => request.socket.destroy(), 20);
  });
  return { origin, received };
}

async function listen(t, handle) {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** A browser that ends with the test. */
export async function browser(t) {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
  t.after(() => browser.close());
  return browser;
}

/** A page at a URL, with everything that went wrong in it. */
export async function open(browser, url) {
  const page = await browser.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.goto(url);
  return { page, faults };
}
