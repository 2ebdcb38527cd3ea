// The contract's rules by hand in JavaScript, with an isolate cache: what the wasm is to be no slower than.
import { Rules, isKey, removes, canonicalPath, mightHoldKey } from './rules.mjs';

const BEARER = /^bearer +([\w.~+/-]+=*)$/i;
const encoder = new TextEncoder();
const remembered = new Map();

let rules;

export default {
  async fetch(request, env) {
    rules ??= new Rules(env.POLICY);
    const id = crypto.randomUUID();
    const started = Date.now();
    const { url, method, headers } = request;
    const origin = headers.get('origin');
    const call = { id, started, method, origin };
    const slash = url.indexOf('/', 8);
    const question = url.indexOf('?', slash);
    const path = url.slice(slash, question < 0 ? undefined : question);
    const query = question < 0 ? '' : url.slice(question);
    call.path = path;

    if (!url.startsWith('https://') || url.slice(8, slash) !== headers.get('host')) return refuse(call, 403, 'https-required');
    if (method === 'OPTIONS' && origin !== null && headers.has('access-control-request-method')) return rules.preflight(origin);
    if (method === 'TRACE' || method === 'TRACK' || method === 'CONNECT') return refuse(call, 400, 'invalid-request');
    if (query && mightHoldKey(query)) return refuse(call, 400, 'invalid-request');
    const authorization = headers.get('authorization');
    if (!authorization) return refuse(call, 401, 'unauthorized');
    const key = BEARER.exec(authorization)?.[1];
    if (key === undefined) return refuse(call, 400, 'invalid-request');
    if (!isKey(key)) return refuse(call, 400, 'invalid-key');

    // The key itself names the entry: what hand-written caches do, and quicker than a digest.
    let entry = remembered.get(key);
    if (entry === undefined || started >= entry.until || started < entry.from) {
      try {
        entry = await ask(key, env, started);
      } catch {
        return refuse(call, 503, 'store-unavailable');
      }
      if (remembered.size >= 10_000) remembered.delete(remembered.keys().next().value);
      remembered.set(key, entry);
    }
    const { record } = entry;
    if (record === null) return refuse(call, 400, 'invalid-key');
    call.record = record;
    const isSecret = key.startsWith('sk_');
    if ((record.kind === 'secret') !== isSecret || (record.mode === 'test') !== key.startsWith('_test_', 2)) {
      return refuse(call, 400, 'invalid-key');
    }
    if (record.revoked) return refuse(call, 403, 'key-revoked');
    if (record.expires_at <= started / 1000) return refuse(call, 403, 'key-expired');
    if (record.exposed) return refuse(call, 403, 'key-exposed');

    const site = headers.get('sec-fetch-site');
    if (isSecret) {
      const isFromPage = site === null ? origin !== null : site !== 'same-origin' && site !== 'none';
      if (isFromPage && !record.browser_headers) return refuse(call, 403, 'secret-key-in-browser');
    } else if (!rules.isListed(origin) || (record.origins && !record.origins.includes(origin))) {
      return refuse(call, 403, 'origin-not-allowed');
    }
    const canonical = canonicalPath(path);
    const isConfined = !isSecret || record.scopes !== undefined;
    const route = rules.route(method, canonical, record);
    if (canonical === null ? isConfined : !rules.permits(route, record)) return refuse(call, 403, 'insufficient-scope');
    return send(request, call, rules.upstream[record.mode] + (isConfined ? canonical : path) + query, isConfined);
  },
};

async function ask(key, env, now) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(key))).toHex();
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(fail, 3000); });
  const asked = env.KEYS.get(`key:v1:${digest}`, { type: 'json', cacheTtl: 60 });
  const record = await Promise.race([asked, late]).finally(() => clearTimeout(timer));
  if (record !== null && record.v !== 1) throw new Error('unreadable');
  return { record, from: now, until: now + (record === null ? 2000 : 10_000) };
}

async function send(request, call, target, isConfined) {
  const { method, body } = request;
  const { record, origin } = call;
  const headers = new Headers(request.headers);
  const connection = headers.get('connection');
  const proxyConnection = headers.get('proxy-connection');
  const isWebSocket = headers.get('upgrade')?.toLowerCase() === 'websocket';
  for (const name of request.headers.keys()) {
    if (isWebSocket && name === 'upgrade') continue;
    if (removes(name, connection, proxyConnection, isConfined)) headers.delete(name);
  }
  headers.set('Keyguard-Account', record.account);
  headers.set('Keyguard-Key-Id', record.id);
  headers.set('Keyguard-Kind', record.kind);
  headers.set('Keyguard-Mode', record.mode);
  headers.set('Keyguard-Request-Id', call.id);
  let timer;
  const late = new Promise((settle) => { timer = setTimeout(settle, 30_000); });
  let response;
  try {
    // fetch takes no body for these two from an object, and from a request it does. Theirs are the answers that the platform would cache.
    const isRead = method === 'GET' || method === 'HEAD';
    const cache = isRead ? 'no-store' : undefined;
    const sent = isRead && body !== null
      ? fetch(new Request(target, request), { headers, cache })
      : fetch(target, { method, headers, body, redirect: 'manual', cache });
    response = await Promise.race([sent, late]);
  } catch {
    return refuse(call, 502, 'upstream-unreachable');
  } finally {
    clearTimeout(timer);
  }
  if (!response) return refuse(call, 504, 'upstream-timeout');
  const allowed = origin === null ? undefined : rules.allowOrigin(origin);
  if (!allowed || response.webSocket) return response;
  response = new Response(response.body, response);
  response.headers.set('Access-Control-Allow-Origin', allowed);
  response.headers.append('Access-Control-Expose-Headers', 'Keyguard-Request-Id, Retry-After, WWW-Authenticate');
  response.headers.append('Vary', 'Origin');
  return response;
}

function refuse(call, status, code) {
  log(call, code, status);
  const headers = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'Keyguard-Request-Id': call.id,
  };
  if (status < 500) headers['WWW-Authenticate'] = 'Bearer realm="keyguard"';
  const allowed = call.origin === null ? undefined : rules.allowOrigin(call.origin);
  if (allowed) headers['Access-Control-Allow-Origin'] = allowed;
  headers.Vary = 'Origin';
  const { path: instance, id: request_id } = call;
  const type = `urn:keyguard:problem:${code}`;
  return new Response(JSON.stringify({ type, title: code, status, detail: code, instance, code, request_id }), { status, headers });
}

function log(call, code, status) {
  const { id, method } = call;
  const { id: key_id, kind, mode } = call.record ?? {};
  const duration_ms = Date.now() - call.started;
  console.log(JSON.stringify({ event: 'verdict', code, status, request_id: id, method, duration_ms, key_id, kind, mode }));
}
