// Merchants' shops: a page, and a server of their own that passes on what the page asks of /api, with all that the browser sent and with
// the merchant's secret key. Each is a real proxy, configured as its manual says.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import httpProxy from 'http-proxy';

import { freePort } from './harness.mjs';

const NEXT = fileURLToPath(new URL('./next/', import.meta.url));
const NGINX = process.env.KEYGUARD_NGINX ?? 'nginx';
const PAGE = '<!doctype html><h1>Shop</h1>';

/** Per proxy, what starts it in front of `api`: `{ port, stop }`. */
export const PROXIES = {
  'nginx, as short as can be': (options) => startNginx(options, ''),
  'nginx, with what people add': (options) => startNginx(options, NGINX_USUAL),
  'http-proxy': startHttpProxy,
  'http-proxy, with what people add': (options) => startHttpProxy(options, { changeOrigin: true, xfwd: true }),
  'Next.js': startNext,
};

const NGINX_USUAL = `
  proxy_http_version 1.1;
  proxy_set_header Host $host;
  proxy_set_header Connection "";
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;`;

async function startNginx({ api, key }, usual) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-nginx-'));
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  const file = path.join(folder, 'nginx.conf');
  writeFileSync(file, `
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr crit;
events {}
http {
  access_log off;
  ${paths.join(' ')}
  server {
    listen 127.0.0.1:${port};
    location = / { default_type text/html; return 200 '${PAGE}'; }
    location /api/ {
      proxy_pass ${api}/;
      proxy_set_header Authorization "Bearer ${key}";${usual}
    }
  }
}`, { mode: 0o600 });
  const child = spawn(NGINX, ['-p', folder, '-e', 'stderr', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true });
  };
  await answering(port, exited);
  return { port, stop };
}

async function startHttpProxy({ api, key }, options = {}) {
  const proxy = httpProxy.createProxyServer({ target: api, headers: { authorization: `Bearer ${key}` }, ...options });
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith('/api/')) return response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    request.url = request.url.slice('/api'.length);
    proxy.web(request, response, {}, () => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: server.address().port, stop };
}

/** Its production server over its production build. */
async function startNext({ api, key }) {
  const next = path.join(NEXT, 'node_modules/next/dist/bin/next');
  const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [next, 'build'], { cwd: NEXT, env: environment });
  const port = await freePort();
  const child = spawn(process.execPath, [next, 'start', '--port', String(port), '--hostname', '127.0.0.1'], {
    cwd: NEXT,
    env: { ...environment, SHOP_API: api, SHOP_SECRET_KEY: key },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface(child.stdout).on('line', () => {});
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await exited;
  };
  await answering(port, exited);
  return { port, stop };
}

/** Waits until something answers there, unless what is to do so ends. */
async function answering(port, exited) {
  let hasEnded = false;
  exited.then(() => (hasEnded = true));
  while (!hasEnded) {
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await response?.text();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('a proxy ended before it answered');
}
