// Runs in the page: the contenders, and how long a request of each takes.

import { KeyGuard } from '/keyguard.js';
import { PlainGuard } from '/guard.js';

const KEY = 'pk_WeHsNn87r4gtNc5BQT9Mj';
const BASE = 'https://api.example/v1';
const SECRET = 'sk_vYZCAeHawUqDCmVpEKh2U';

const item = (name, number) => ({ sku: `A-${number}`, name, quantity: 2, price: 1290, note: 'gift wrap, please' });
const basket = (items, name) => ({
  amount: 4200, currency: 'EUR', reference: 'order-2026-0017', items: Array.from({ length: items }, (_, number) => item(name, number)),
});
const headers = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.8', 'x-checkout': 'web' };
const CASES = {
  get: ['/payment_sessions/ps_1?expand=lines', undefined],
  small: ['/payment_sessions', { method: 'POST', headers, json: basket(1, 'Tea, Assam, 100 g') }],
  large: ['/payment_sessions', { method: 'POST', headers, json: basket(100, 'Tea, Assam, 100 g') }],
  accents: ['/payment_sessions', { method: 'POST', headers, json: basket(100, 'Tè “Assam”, 100 g') }],
};

/** How long the first `load` of this page takes after a rest, and the first request after it, in milliseconds. */
export async function start(rest) {
  await new Promise((resolve) => setTimeout(resolve, rest));
  const begin = performance.now();
  const guard = await KeyGuard.load(KEY, { baseUrl: BASE, environment: 'ignore' });
  const loaded = performance.now();
  guard.request(...CASES.small);
  return { load: loaded - begin, first: performance.now() - loaded };
}

/** Microseconds per request: for each case and contender, each round's. */
export async function requests(rounds, slice) {
  const contenders = await prepare();
  const results = {};
  for (const [name, [path, init]] of Object.entries(CASES)) {
    const order = Object.entries(contenders);
    results[name] = Object.fromEntries(order.map(([contender]) => [contender, []]));
    const counts = {};
    // The first round is for the compilers, and tells how many requests fill a slice.
    for (let round = -1; round < rounds; round += 1) {
      order.push(order.shift());
      for (const [contender, request] of order) {
        if (round < 0) {
          const count = repeat(() => request(path, init), slice * WARM_UP);
          counts[contender] = Math.max(1, Math.round(count / WARM_UP));
          continue;
        }
        const taken = time(request, path, init, counts[contender]);
        results[name][contender].push((taken * 1_000) / counts[contender]);
        // What was left behind is swept up before the next one's turn.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
  }
  return results;
}

/** So many slices. */
const WARM_UP = 10;

/** How often an action is done in so many milliseconds. */
function repeat(action, milliseconds) {
  const end = performance.now() + milliseconds;
  let count = 0;
  for (; performance.now() < end; count += 1) action();
  return count;
}

function time(request, path, init, count) {
  const begin = performance.now();
  for (let left = count; left > 0; left -= 1) request(path, init);
  return performance.now() - begin;
}

/** The contenders, after a proof that they do the same. */
async function prepare() {
  const guard = await KeyGuard.load(KEY, { baseUrl: BASE, environment: 'ignore' });
  const plain = new PlainGuard(KEY, BASE);
  const contenders = {
    bare,
    plain: (path, init) => plain.request(path, init),
    keyguard: (path, init) => guard.request(path, init),
  };
  for (const [path, init] of Object.values(CASES)) {
    const [expected, ...others] = await Promise.all([contenders.keyguard, contenders.plain].map((request) => shown(request(path, init))));
    for (const other of others) if (other !== expected) throw new Error(`${other} is not ${expected}`);
  }
  for (const [path, init] of REFUSED) {
    for (const contender of ['keyguard', 'plain']) {
      if (accepts(() => contenders[contender](path, init))) throw new Error(`${contender} accepts ${JSON.stringify([path, init])}`);
    }
  }
  for (const body of PASSED) {
    for (const contender of ['keyguard', 'plain']) contenders[contender]('/a', { method: 'POST', body });
  }
  return contenders;
}

/** What a page does without a guard. */
function bare(path, init) {
  const { json, ...rest } = init ?? {};
  const headers = { ...rest.headers, authorization: `Bearer ${KEY}` };
  if (json === undefined) return new Request(BASE + path, { ...rest, headers });
  headers['content-type'] = 'application/json';
  headers['idempotency-key'] = crypto.randomUUID();
  return new Request(BASE + path, { ...rest, headers, body: JSON.stringify(json) });
}

async function shown(request) {
  const { method, url, headers, credentials, redirect, mode, referrer, referrerPolicy } = request;
  const lines = [...headers].map(([name, value]) => (name === 'idempotency-key' ? `${name}: ${value.length}` : `${name}: ${value}`));
  return JSON.stringify([method, url, credentials, redirect, mode, referrer, referrerPolicy, lines, await request.text()]);
}

function accepts(action) {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}

const DISGUISES = [
  SECRET, SECRET.toUpperCase(), `sk_test_${SECRET.slice(3)}`, SECRET.replace('_', '-'), SECRET.replace('_', '–'), SECRET.replace('s', 'ѕ'),
  SECRET.replace('k', '\u212a'), SECRET.replace('C', 'С'), SECRET.replace('sk', 'ｓｋ'), SECRET.replace('sk', '𝐬𝐤'), SECRET.replace('k', '\u200bk'),
  SECRET.replace('A', '\u00adA'), SECRET.replace('_', '%5F'), SECRET.replace('_', '%25255F'), SECRET.replace('s', '\\u0073'),
  JSON.stringify({ a: JSON.stringify({ b: `x\n${SECRET}` }) }), `${SECRET.slice(0, 15)}\n  ${SECRET.slice(15)}`, `my_${SECRET}`, `наша${SECRET}`,
];
const REFUSED = [
  ...DISGUISES.map((body) => ['/a', { method: 'POST', body }]),
  ...['a', '//a', '/\\a', '/../a', '/%2e%2E/', '/.%2e?a', '/..%2fa', '/..;/a', '/a b', '/a#b', `/${SECRET}`, `/a?b=${SECRET.replace('_', '%5F')}`].map((path) => [path]),
  ...[{ 'x-a': SECRET }, { authorization: 'Basic YTpi' }, { 'x-a': KEY }, { 'idempotency-key': 'a b' }].map((headers) => ['/a', { headers }]),
  ['/a', { credentials: 'include' }], ['/a', { mode: 'no-cors' }], ['/a', { redirect: 'follow' }], ['/a', { referrerPolicy: 'unsafe-url' }], ['/a', { retries: -1 }],
  ['/a', { method: 'POST', json: {}, body: 'x' }], ['/a', { method: 'POST', body: new Blob([SECRET]) }], ['/a', { method: 'POST', body: new URLSearchParams({ a: SECRET }) }],
];
const PASSED = ['task_vYZCAeHawUqDCmVpEKh2U', 'SK-Bratislava\nObchodna 5', 'lang=sk_SK&page=12345678901234567890', '?state=eyJhbGciOi.abc-Sk_q8ZkW1mP0aBcDeFgHiJk-xy.zz', 'sk-telecom2024conference', '100%', KEY];
