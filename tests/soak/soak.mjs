// Mixed traffic with every verdict, for as long as is asked, against the edge in the real runtime.
//
//   node soak.mjs --seconds 1800 [--pause 5]
//
// Each answer is checked. The last line that is written is JSON: how many requests of which verdict, each wrong answer, and the
// memory of the runtime's process, a sample a second. Nothing here says what is too much: xtask/src/soak.rs does.

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import {
  issueKey, mistyped, now, playUpstream, policyFor, recordOf, startBareEdge, stopAll, storeName,
} from '../edge/harness.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '20' }, pause: { type: 'string', default: '5' } } });
const until = Date.now() + Number(values.seconds) * 1000;
const PAUSE = Number(values.pause);
const CLIENTS = 6;

const PAGE = 'https://shop.example';
const entries = new Map();
const store = await playUpstream((request, response) => {
  const name = decodeURIComponent(new URL(request.url, 'http://store').pathname).slice(1);
  const entry = entries.get(name);
  if (entry === 'broken') response.writeHead(500);
  else if (entry === undefined) response.writeHead(404);
  response.end(entry);
});
const upstream = await playUpstream((request, response) => {
  request.on('error', () => {});
  if (request.url.startsWith('/reset')) request.socket.resetAndDestroy();
  else if (!request.url.startsWith('/silent')) {
    request.resume();
    request.on('end', () => response.end('fine'));
  }
});
const edge = await startBareEdge({
  policy: policyFor(upstream.origin, {
    routes: [
      { method: 'POST', path: '/pay' },
      { method: 'GET', path: '/pay/{id}' },
      { method: 'GET', path: '/refunds', kinds: ['secret'], scope: 'refunds' },
    ],
    cors: { origins: [PAGE] },
    rates: { tiers: [{ name: 'played', binding: 'RATE_PLAYED', limit: 1, period: 60 }] },
    // A machine that is busy with other things must not make a right answer late.
    upstream_timeout_ms: 10_000,
    store_timeout_ms: 10_000,
    memory_ttl: 5,
    memory_ttl_unknown: 1,
    log_allowed: false,
  }),
  store: store.origin,
  standIn: true,
  vars: { ASSERTION_SECRETS: `k1:${'A'.repeat(43)}` },
});
// What it logs is not kept: this process would grow by it.
edge.lines.add = () => {};

function keyOf(kind, fields, mode = 'test') {
  const key = issueKey(kind, mode);
  entries.set(storeName(key), JSON.stringify(recordOf(key, fields)));
  return key;
}
const few = (make) => Array.from({ length: 20 }, make);
const one = (list) => list[randomInt(list.length)];

const keys = {
  secret: few(() => keyOf('secret')),
  publishable: few(() => keyOf('publishable')),
  ofPage: few(() => keyOf('publishable', { origins: [PAGE] })),
  revoked: few(() => keyOf('secret', { revoked: { at: 1 } })),
  expired: few(() => keyOf('secret', { expires_at: now() - 1 })),
  exposed: few(() => keyOf('secret', { exposed: { at: 1, channel: 'browser' } })),
  scoped: few(() => keyOf('secret', { scopes: ['other'] })),
  limited: few(() => keyOf('secret', { rate: 'played' })),
  lost: few(() => keyOf('secret', { rate: 'no-such-tier' })),
  misfiled: few(() => {
    const key = issueKey('secret', 'test');
    entries.set(storeName(key), JSON.stringify(recordOf(issueKey('secret', 'live'))));
    return key;
  }),
};
// Unlike the others it is never remembered.
const broken = issueKey('secret', 'test');
entries.set(storeName(broken), 'broken');

const as = (key, headers = {}) => ({ authorization: `Bearer ${key}`, ...headers });
const get = (key, headers, path = '/pay/1') => ({ path, headers: as(key, headers) });

/** A key that nobody has used before, gone from the store once it was used. */
function cold(kind) {
  const key = keyOf(kind);
  return { ...get(key), done: () => entries.delete(storeName(key)) };
}

/** Several at once with one such key, which share what the store says; each has a body, which is its own. */
function shared() {
  const key = keyOf('publishable');
  return { path: '/pay', method: 'POST', headers: as(key), body: 'x'.repeat(randomInt(200)), together: 4, done: () => entries.delete(storeName(key)) };
}

/** What is sent, how often beside the others, and what has to come of it. */
const CASES = [
  [60, '200', () => get(one(keys.secret))],
  [60, '200', () => get(one(keys.publishable))],
  [20, '200', () => ({ ...get(one(keys.ofPage), { origin: PAGE }, '/pay'), method: 'POST', body: 'x'.repeat(randomInt(20_000)) })],
  [30, '200', () => cold('secret')],
  [30, '200', () => cold('publishable')],
  [20, '200', shared],
  [5, '200', () => get(one(keys.limited))],
  [5, '204', () => ({ path: '/pay', method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'POST' } })],
  [5, '403 https-required', () => get(one(keys.publishable), { host: 'api.example.com' })],
  [10, '401 unauthorized', () => ({ path: '/pay/1', headers: {} })],
  [10, '400 invalid-request', () => get(`${one(keys.secret)} x`)],
  [10, '400 invalid-request', () => ({ path: `/pay/1?key=${one(keys.publishable)}`, headers: {} })],
  [10, '400 invalid-key', () => get(mistyped(one(keys.publishable)))],
  [30, '400 invalid-key', () => get(issueKey('publishable', 'test'))],
  [5, '400 invalid-key', () => get(one(keys.misfiled))],
  [10, '403 key-revoked', () => get(one(keys.revoked))],
  [10, '403 key-expired', () => get(one(keys.expired))],
  [10, '403 key-exposed', () => get(one(keys.exposed))],
  [10, '403 secret-key-in-browser', () => get(one(keys.secret), { 'sec-fetch-site': 'cross-site', origin: PAGE })],
  [10, '403 origin-not-allowed', () => get(one(keys.ofPage), { origin: 'https://other.example' })],
  [10, '403 insufficient-scope', () => get(one(keys.publishable), {}, '/refunds')],
  [10, '403 insufficient-scope', () => get(one(keys.scoped), {}, '/refunds')],
  [10, '429 rate-limited', () => get(one(keys.limited), { 'x-stand-in': '{"limiter":"says no"}' })],
  [5, '500 misconfigured', () => get(one(keys.lost))],
  [10, '503 store-unavailable', () => get(broken)],
  [5, '502 upstream-unreachable', () => get(one(keys.secret), {}, '/reset')],
  [5, 'left', () => ({ ...get(one(keys.secret), {}, '/silent'), leaves: true })],
];
const lots = CASES.flatMap((row, index) => Array(row[0]).fill(index));
/** What takes as long as an upstream may, one after the other beside all that. */
const SLOW = [1, '504 upstream-timeout', () => get(one(keys.secret), {}, '/silent')];

const agent = new http.Agent({ keepAlive: true });

async function send({ method = 'GET', path, headers, body, leaves = false }) {
  const request = http.request({ host: '127.0.0.1', port: edge.port, agent, method, path, headers });
  request.end(body);
  if (leaves) {
    request.on('error', () => {});
    await sleep(randomInt(20));
    request.destroy();
    return 'left';
  }
  const [response] = await once(request, 'response');
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  if (response.headers['content-type'] === 'application/problem+json') return `${response.statusCode} ${JSON.parse(text).code}`;
  return response.statusCode === 200 && text !== 'fine' ? `200 with ${text.length} characters` : String(response.statusCode);
}

const verdicts = {};
const wrong = [];

async function client(next) {
  while (Date.now() < until) {
    const [, expected, make] = next();
    const { done, together = 1, ...request } = make();
    const sent = Array.from({ length: together }, () => send(request).catch((error) => `no answer: ${error.message}`));
    for (const said of await Promise.all(sent)) {
      verdicts[said] = (verdicts[said] ?? 0) + 1;
      if (said !== expected && wrong.length < 100) wrong.push({ expected, said });
    }
    done?.();
    await sleep(PAUSE);
  }
}

const memory = [];
const started = Date.now();
const sampling = setInterval(() => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${edge.pid}/status`, 'utf8'));
  memory.push([Math.round((Date.now() - started) / 1000), Number(kilobytes) * 1024]);
}, 1000);
const mixed = () => CASES[one(lots)];
await Promise.all([...Array.from({ length: CLIENTS }, () => client(mixed)), client(() => SLOW)]);
clearInterval(sampling);
agent.destroy();
await stopAll(edge, store, upstream);
const missing = [...CASES, SLOW].map(([, expected]) => expected).filter((expected) => !(expected in verdicts));
console.log(JSON.stringify({ verdicts, wrong, missing, memory }));
