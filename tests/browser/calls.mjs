// What a checkout needs of a call, as cases against an API that keeps what it received. They run both in Node and in a browser;
// each throws when the promise is broken.

import { KeyGuard, KeyGuardError, ProblemError } from 'keyguard';

const KEY = 'pk_WeHsNn87r4gtNc5BQT9Mj';
const BODY = 'vYZCAeHawUqDCmVpEKh2U';
const SECRET = `sk_${BODY}`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function equal(actual, expected, what = '') {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value) ?? String(value));
  if (one !== other) throw new Error(`${what}: ${one} is not ${other}`);
}

function ok(value, what = '') {
  if (!value) throw new Error(`${what} doesn't hold`);
}

/** A guard that keeps what it told, and what its API received. */
async function begin(origin, options) {
  const place = `/${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  const events = [];
  const guard = await KeyGuard.load(KEY, { baseUrl: origin + place, environment: 'ignore', onEvent: (event) => events.push(event), ...options });
  const received = async () => (await (await fetch(`${origin}/__received`)).json()).filter(({ url }) => url.startsWith(`${place}/`));
  return { guard, events, received, told: () => events.map(({ type }) => type).join() };
}

/** What a promise rejects with. */
async function rejected(promise) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`not rejected: ${String(result)}`);
}

/** Takes the chance out of waits, and the wait. */
async function atOnce(action) {
  const { random } = Math;
  Math.random = () => 0;
  try {
    return await action();
  } finally {
    Math.random = random;
  }
}

export const calls = {
  async 'json is sent and received as JSON'(origin) {
    const { guard, received } = await begin(origin);
    equal(await guard.json('/a', { method: 'POST', json: { amount: 4200, note: 'é' } }), { ok: true });
    equal(await guard.json('/b', { method: 'PUT', json: null, headers: { 'content-type': 'application/merge-patch+json' } }), { ok: true });
    equal(await guard.json('/204'), undefined);
    equal(await guard.json('/c?body=0'), 0);
    const [a, b] = await received();
    equal([a.body, a.headers['content-type']], ['{"amount":4200,"note":"é"}', 'application/json']);
    equal([b.body, b.headers['content-type']], ['null', 'application/merge-patch+json']);
  },

  async 'json is checked as what it is written to, once'(origin) {
    const { guard, received } = await begin(origin);
    let asked = 0;
    const twoFaced = { toJSON: () => ((asked += 1) === 1 ? { a: 1 } : { a: SECRET }) };
    await guard.fetch('/a', { method: 'POST', json: twoFaced });
    for (const json of [{ a: { b: [SECRET] } }, { [SECRET]: 1 }, { a: JSON.stringify({ b: JSON.stringify({ c: `x\n${SECRET}` }) }) }, SECRET]) {
      equal((await rejected(guard.fetch('/a', { method: 'POST', json }))).code, 'secret-key');
    }
    const circle = {};
    circle.circle = circle;
    for (const init of [{ json: circle }, { json: 1n }, { json: () => 1 }, { json: {}, body: 'x' }, { json: {}, method: 'GET' }]) {
      equal((await rejected(guard.fetch('/a', { method: 'POST', ...init }))).code, 'invalid-init');
    }
    equal((await received()).map(({ body }) => body), ['{"a":1}']);
  },

  async 'a POST has a name of its own, the same over its tries'(origin) {
    const { guard, received } = await begin(origin);
    await atOnce(async () => {
      await guard.fetch('/503,503,200', { method: 'POST', json: {} });
      await guard.fetch('/a', { method: 'PATCH', json: {} });
    });
    for (const method of ['GET', 'PUT', 'DELETE']) await guard.fetch('/b', { method });
    const names = (await received()).map(({ headers }) => headers['idempotency-key']);
    ok(UUID.test(names[0]) && UUID.test(names[3]), names);
    equal([names[1], names[2], ...names.slice(4)], [names[0], names[0], null, null, null]);
    ok(names[0] !== names[3]);
  },

  async 'a page that is no secure context makes names as well'(origin) {
    const { guard } = await begin(origin);
    const names = () => Array.from({ length: 100 }, () => guard.request('/a', { method: 'POST' }).headers.get('idempotency-key'));
    Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
    try {
      const made = names();
      ok(made.every((name) => UUID.test(name)), made);
      equal(new Set(made).size, 100);
    } finally {
      delete crypto.randomUUID;
    }
    ok(names().every((name) => UUID.test(name)));
  },

  async 'a name can be given, or forgone'(origin) {
    const { events, guard, received } = await begin(origin);
    await guard.fetch('/a', { method: 'POST', idempotencyKey: 'order-17' });
    await guard.fetch('/a', { method: 'POST', headers: { 'Idempotency-Key': 'order-18' } });
    await guard.fetch('/a', { method: 'POST', idempotencyKey: null });
    await guard.fetch('/a', { method: 'GET', idempotencyKey: 'order-19' });
    await guard.fetch('/a', { method: 'POST', headers: { 'Idempotency-Key': 'x' }, idempotencyKey: 'order-20' });
    equal((await received()).map(({ headers }) => headers['idempotency-key'] ?? null), ['order-17', 'order-18', null, 'order-19', 'order-20']);
    for (const idempotencyKey of ['', 'a b', 'x'.repeat(256), 'é', 7, {}, new String('x'), { toString: () => 'x' }]) {
      equal((await rejected(guard.fetch('/a', { method: 'POST', idempotencyKey }))).code, 'invalid-init', idempotencyKey);
    }
    equal((await rejected(guard.fetch('/a', { method: 'POST', idempotencyKey: SECRET }))).code, 'secret-key');
    const earlier = events.length;
    await guard.fetch('/a', { method: 'POST', idempotencyKey: `order17${SECRET}` });
    equal(events.length > earlier && !JSON.stringify(events).includes(SECRET), true);
    equal(UUID.test(guard.request('/a', { method: 'post' }).headers.get('idempotency-key')), true);
    equal(guard.request('/a').headers.get('idempotency-key'), null);
  },

  async 'what may pass later is sent again'(origin) {
    const { guard, received, events } = await begin(origin);
    const statuses = await atOnce(async () => [
      (await guard.fetch('/429,200')).status,
      (await guard.fetch('/503,429,200', { method: 'PUT', body: 'x' })).status,
      (await guard.fetch('/drop,drop,200', { method: 'POST', json: { a: 1 } })).status,
      // Nobody knows whether it did it: only the answer that it was refused is reason enough.
      (await guard.fetch('/429,201', { method: 'POST', idempotencyKey: null })).status,
    ]);
    equal(statuses, [200, 200, 200, 201]);
    const all = await received();
    equal(all.length, 2 + 3 + 3 + 2);
    equal(all.slice(5, 8).map(({ body }) => body), ['{"a":1}', '{"a":1}', '{"a":1}']);
    ok(all.every(({ headers }) => headers.authorization === `Bearer ${KEY}`));
    equal(events.filter(({ type }) => type === 'retry').map(({ status, attempt }) => [status, attempt]), [[429, 1], [503, 1], [429, 2], [0, 1], [0, 2], [429, 1]]);
  },

  async 'what may have been done is not'(origin) {
    const { guard, received } = await begin(origin);
    await atOnce(async () => {
      equal((await guard.fetch('/503,200', { method: 'POST', idempotencyKey: null })).status, 503);
      ok((await rejected(guard.fetch('/drop,200', { method: 'POST', idempotencyKey: null }))) instanceof TypeError);
      for (const status of [400, 401, 403, 404, 409, 422, 500, 502, 504]) equal((await guard.fetch(`/${status},200`)).status, status);
    });
    equal((await received()).length, 11);
  },

  async 'tries end'(origin) {
    const { guard, received, told } = await begin(origin);
    await atOnce(async () => {
      equal((await guard.fetch('/503')).status, 503);
      equal((await guard.fetch('/a/503', { retries: 0 })).status, 503);
      equal((await guard.fetch('/b/503', { retries: 4 })).status, 503);
      ok((await rejected(guard.fetch('/drop'))) instanceof TypeError);
      equal((await (await begin(origin, { retries: 0 })).guard.fetch('/503')).status, 503);
    });
    equal(told().split(',').filter((type) => type === 'request').length, 3 + 1 + 5 + 3);
    // A browser may send a GET again by itself whose connection broke before an answer (RFC 9110 §9.2.2).
    equal((await received()).filter(({ url }) => !url.endsWith('/drop')).length, 3 + 1 + 5);
  },

  async 'a server is given the time it asks for, up to a minute'(origin) {
    const { guard, events } = await begin(origin);
    const waits = () => events.filter(({ type }) => type === 'retry').map(({ delay }) => delay);
    await atOnce(() => guard.fetch('/429,200?retry-after=1'));
    equal(waits(), [1_000]);
    const soon = new Date(Date.now() + 3_000).toUTCString();
    const stop = new AbortController();
    const waiting = atOnce(() => guard.fetch(`/503,200?retry-after=${encodeURIComponent(soon)}`, { signal: stop.signal }));
    while (waits().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    equal((await rejected(waiting)).name, 'AbortError');
    // A date is of whole seconds.
    ok(waits()[1] > 1_000 && waits()[1] <= 3_000, waits());
    const past = encodeURIComponent(new Date(0).toUTCString());
    equal((await atOnce(() => guard.fetch(`/503,200?retry-after=${past}`))).status, 200);
    for (const long of ['61', '86400', encodeURIComponent(new Date(Date.now() + 120_000).toUTCString())]) {
      const response = await guard.fetch(`/a/429,200?retry-after=${long}`);
      equal(response.status, 429);
      equal(await response.text(), '{"ok":true}');
    }
    equal((await rejected(guard.json(`/b/429?retry-after=${'9'.repeat(400)}`))).retryAfter, 1e9);
    for (const odd of ['soon', '-1', '1.5', '60.5', '1e3', '0x10', '']) equal((await atOnce(() => guard.fetch(`/b/429,200?retry-after=${odd}`))).status, 200, odd);
  },

  async 'an abort ends a try and a wait at once, with its reason'(origin) {
    const { guard, events, received, told } = await begin(origin);
    const reason = new Error('enough');
    for (const path of ['/hang', '/429?retry-after=30']) {
      const stop = new AbortController();
      const waiting = guard.fetch(path, { signal: stop.signal });
      while (!(await received()).some(({ url }) => url.endsWith(path))) await new Promise((resolve) => setTimeout(resolve, 5));
      while (path !== '/hang' && !told().includes('retry')) await new Promise((resolve) => setTimeout(resolve, 5));
      stop.abort(reason);
      equal((await rejected(waiting)) === reason, true, path);
    }
    equal((await rejected(guard.fetch('/a', { signal: AbortSignal.abort() }))).name, 'AbortError');
    equal((await received()).length, 2);
    // A reason can be anything, and is none of the guard's codes.
    for (const odd of [null, 0, '', false, { code: SECRET }]) {
      for (const path of ['/hang', '/cut']) {
        const stop = new AbortController();
        const outcome = guard.json(path, { signal: stop.signal }).then(() => 'resolved', () => 'rejected');
        // Some are ended before the answer's headers, some after.
        await new Promise((resolve) => setTimeout(resolve, 50));
        stop.abort(odd);
        equal(await outcome, 'rejected', `${path} ${String(odd)}`);
      }
    }
    ok(events.every(({ type, code }) => type !== 'failure' || code === undefined));
  },

  async 'an abort reaches a body that is still coming'(origin) {
    const { guard } = await begin(origin);
    const stop = new AbortController();
    const response = await guard.fetch('/cut', { signal: stop.signal });
    stop.abort();
    equal((await rejected(response.text())).name, 'AbortError');
  },

  async 'browsers without AbortSignal.any do the same'(origin) {
    const { any } = AbortSignal;
    delete AbortSignal.any;
    try {
      await calls['an abort ends a try and a wait at once, with its reason'](origin);
      await calls['a try that takes too long ends, and counts as lost'](origin);
      await calls['an abort reaches a body that is still coming'](origin);
      await calls["nothing of a call stays on its caller's signal"](origin);
    } finally {
      AbortSignal.any = any;
    }
  },

  async "nothing of a call stays on its caller's signal"(origin) {
    const { guard } = await begin(origin);
    const { signal } = new AbortController();
    const listening = new Set();
    signal.addEventListener = (type, listener) => listening.add(listener);
    signal.removeEventListener = (type, listener) => listening.delete(listener);
    await atOnce(() => guard.json('/503,429,200', { signal }));
    await rejected(atOnce(() => guard.fetch('/drop', { signal })));
    await rejected(guard.json('/403', { signal }));
    equal(listening.size, 0);
  },

  async 'a try that takes too long ends, and counts as lost'(origin) {
    const { guard, received, told, events } = await begin(origin, { timeout: 150 });
    equal((await atOnce(() => guard.fetch('/hang,200'))).status, 200);
    const error = await rejected(guard.fetch('/hang', { method: 'POST', idempotencyKey: null }));
    ok(error instanceof KeyGuardError && error.code === 'timeout', error);
    const kept = new AbortController();
    equal((await rejected(guard.fetch('/hang', { retries: 0, signal: kept.signal }))).code, 'timeout');
    equal(kept.signal.aborted, false);
    equal((await received()).length, 4);
    equal(told(), 'request,failure,retry,request,response,request,failure,request,failure');
    equal(events[1].code, 'timeout');
    equal((await guard.fetch('/a', { timeout: 0 })).status, 200);
  },

  async 'reading JSON is part of a try, and is lost with it'(origin) {
    const { guard, received } = await begin(origin);
    equal(await atOnce(() => guard.json('/cut,200')), { ok: true });
    equal((await received()).length, 2);
  },

  async 'a redirect is refused, not followed and not repeated'(origin) {
    const { guard, received, told } = await begin(origin);
    for (const status of [301, 302, 303, 307, 308]) {
      const error = await rejected(guard.fetch(`/${status}`));
      ok(error instanceof KeyGuardError && error.code === 'redirect-refused', error);
    }
    equal((await rejected(guard.json('/302', { method: 'POST', json: {} }))).code, 'redirect-refused');
    equal((await received()).length, 6);
    equal(told(), Array(6).fill('request,failure').join());
  },

  async 'a refusal is told and not repeated'(origin) {
    const { guard, received, events } = await begin(origin);
    for (const [path, init, code] of [
      ['//evil.example', {}, 'invalid-path'],
      [`/a?key=${SECRET}`, {}, 'secret-key'],
      ['/a', { headers: { a: SECRET } }, 'secret-key'],
      ['/a', { mode: 'no-cors' }, 'invalid-init'],
      ['/a', { method: 'POST', body: {} }, 'unreadable-body'],
      ['/a', { signal: { aborted: false } }, 'invalid-init'],
      ['/a', { signal: 0 }, 'invalid-init'],
      ['/a', { signal: '' }, 'invalid-init'],
    ]) {
      for (const send of ['fetch', 'json']) equal((await rejected(guard[send](path, init))).code, code, path);
      equal(events.splice(0).map(({ type, code }) => [type, code]), [['refusal', code], ['refusal', code]], path);
    }
    equal((await received()).length, 0);
  },

  async 'a problem is an error that tells what the API told'(origin) {
    const { guard } = await begin(origin, { retries: 0 });
    const document = {
      type: 'urn:keyguard:problem:rate-limited', title: 'Too many requests', status: 200, detail: 'Wait a moment.', instance: '/a', code: 'rate-limited',
      request_id: 'req_7', more: 1,
    };
    const query = (body, more = '') => `?type=application/problem%2Bjson&body=${encodeURIComponent(typeof body === 'string' ? body : JSON.stringify(body))}${more}`;
    const error = await rejected(guard.json(`/429${query(document, '&retry-after=7')}`));
    ok(error instanceof ProblemError && error instanceof Error && !(error instanceof KeyGuardError));
    const { name, message, status, type, title, detail, instance, code, requestId, retryAfter } = error;
    equal({ name, message, status, type, title, detail, instance, code, requestId, retryAfter }, {
      name: 'ProblemError', message: 'Wait a moment.', status: 429, type: document.type, title: document.title, detail: document.detail, instance: '/a',
      code: 'rate-limited', requestId: 'req_7', retryAfter: 7,
    });
    equal(error.response.headers.get('retry-after'), '7');
    equal(Object.keys(error).includes('response'), false);

    // RFC 9457 §3.1: a member of another type than it should have is ignored.
    for (const body of [{ type: 1, title: {}, detail: null, code: ['x'], request_id: '' }, '<html>', '', '[]', '7', 'null', '"text"', '{"a":']) {
      const { message, status, type, title, code, requestId, retryAfter } = await rejected(guard.json(`/502${query(body, '&id=req_9')}`));
      equal({ message, status, type, title, code, requestId, retryAfter }, { message: 'The API answered 502', status: 502, type: 'about:blank', requestId: 'req_9' }, body);
    }
    equal((await rejected(guard.json(`/200?body=${encodeURIComponent('<html>')}`))).status, 200);
    equal((await rejected(guard.json('/304'))).status, 304);
  },

  async 'no error and no event shows a key, whoever quotes it'(origin) {
    const { guard, events } = await begin(origin, { retries: 0 });
    const reversed = (text) => encodeURIComponent([...text].reverse().join(''));
    for (const key of [KEY, SECRET, SECRET.toUpperCase(), `sk%5F${BODY}`, `token${SECRET}`, `sk%25255F${BODY}`]) {
      const body = JSON.stringify({ type: `urn:${key}`, title: key, detail: `no such key as ${key}`, instance: `/a?key=${key}`, code: key, request_id: key, status: key });
      const error = await rejected(guard.json(`/403?reversed=${reversed(body)}`, { headers: { 'x-test': [...key].reverse().join('') } }));
      equal({ ...error }, { status: 403, type: 'about:blank' });
      equal(error.message, 'The API answered 403');
    }
    await guard.fetch(`/keys/${KEY}?email=a%40b.example`);
    await rejected(guard.fetch(`/keys/${SECRET}`));
    await rejected(guard.fetch(`/a`, { method: SECRET }));
    await rejected(guard.fetch(`/a`, { method: 'POST', idempotencyKey: SECRET }));
    const told = JSON.stringify(events);
    for (const key of [KEY, BODY, 'example', 'EXAMPLE', BODY.toUpperCase()]) ok(!told.includes(key), told);
  },

  async 'events tell a call from its start to its end'(origin) {
    const { guard, events } = await begin(origin);
    await atOnce(() => guard.json('/503,200?a=b', { method: 'POST', json: {}, idempotencyKey: 'order-17' }));
    const call = { mode: 'live', method: 'POST', path: '/503,200', idempotencyKey: 'order-17' };
    const [id, other] = events.filter(({ type }) => type === 'response').map(({ requestId }) => requestId);
    ok(id && other && id !== other);
    equal(events.map(({ type, ...rest }) => ({ ...rest, type })), [
      { ...call, attempt: 1, type: 'request' }, { ...call, attempt: 1, status: 503, requestId: id, type: 'response' },
      { ...call, attempt: 1, status: 503, delay: 0, type: 'retry' }, { ...call, attempt: 2, type: 'request' },
      { ...call, attempt: 2, status: 200, requestId: other, type: 'response' },
    ]);
  },

  async 'a listener that throws, or changes what it is told, changes nothing'(origin) {
    const { error } = console;
    const said = [];
    console.error = (...args) => said.push(args);
    try {
      const onEvent = (event) => {
        for (const name of Object.keys(event)) event[name] = 'https://evil.example';
        throw new Error('mine');
      };
      const { guard, received } = await begin(origin, { onEvent });
      equal((await atOnce(() => guard.fetch('/503,200'))).status, 200);
      equal((await received()).length, 2);
      // A method without its object: `this` is nothing of the guard's.
      const owners = [];
      const other = await begin(origin, { onEvent: function () { owners.push(this); } });
      await other.guard.fetch('/a');
      ok(owners.length === 2 && owners.every((owner) => owner === undefined));
      const late = await begin(origin, { onEvent: async () => { throw new Error('later'); } });
      await late.guard.fetch('/a');
    } finally {
      console.error = error;
    }
    equal(said.length, 7);
  },

  async 'files are checked and sent as they were checked'(origin) {
    const { guard, received } = await begin(origin);
    const form = (value, name) => {
      const form = new FormData();
      form.append('a', 'b');
      if (name) form.append('file', value, name);
      else form.append('file', value);
      return form;
    };
    await atOnce(async () => {
      await guard.fetch('/503,200', { method: 'POST', body: new Blob(['one'], { type: 'text/x-one' }) });
      await guard.fetch('/b', { method: 'POST', body: form(new Blob(['two']), 'two.txt') });
      await guard.fetch('/c', { method: 'POST', body: new Blob(['three'], { type: 'text/a' }), headers: { 'content-type': 'text/b' } });
    });
    for (const body of [
      new Blob([SECRET]), new Blob(['x'], { type: SECRET }), form(new Blob([`x ${SECRET}`]), 'a.txt'), form(new Blob(['x']), `${SECRET}.txt`),
      form(new Blob(['x'], { type: `text/${SECRET}` }), 'a.txt'), form(SECRET), form(new File([SECRET], 'x')),
    ]) {
      equal((await rejected(guard.fetch('/a', { method: 'POST', body }))).code, 'secret-key');
    }
    class Liar extends Blob {
      get type() { return 'text/harmless'; }
      get size() { return 1; }
      arrayBuffer() { return new ArrayBuffer(1); }
      stream() { return new Blob(['x']).stream(); }
      text() { return 'x'; }
      slice() { return new Blob(['x']); }
    }
    // Browsers look behind the lie, Node believes it: what is sent is what was checked.
    const lie = await guard.fetch('/d', { method: 'POST', body: new Liar([SECRET]) }).catch((error) => error);
    if (!(lie instanceof Response)) equal(lie.code, 'secret-key');
    const all = await received();
    ok(!JSON.stringify(all).includes(BODY));
    if (lie instanceof Response) equal(all.pop().body, 'x');
    equal(all.slice(0, 2).map(({ body, headers }) => [body, headers['content-type']]), [['one', 'text/x-one'], ['one', 'text/x-one']]);
    ok(/^multipart\/form-data; *boundary=/.test(all[2].headers['content-type']) && /filename="two.txt"[^]*\r\n\r\ntwo\r\n/.test(all[2].body), all[2].body);
    equal([all[3].body, all[3].headers['content-type']], ['three', 'text/b']);
    equal(all.length, 4);
  },

  async 'a stream is refused, unless it is asked for'(origin) {
    const { guard } = await begin(origin);
    const stream = () => new Blob(['x']).stream();
    for (const init of [{}, { allowStream: false }, { allowStream: 1 }, { __proto__: { allowStream: true } }]) {
      init.method = 'POST';
      init.body = stream();
      equal((await rejected(guard.fetch('/a', init))).code, 'unreadable-body');
    }
    for (const body of [{}, [], new Date(), { getReader() {} }]) {
      equal((await rejected(guard.fetch('/a', { method: 'POST', body, allowStream: true }))).code, 'unreadable-body');
    }
    equal((await rejected(guard.fetch('/a', { method: 'POST', body: SECRET, allowStream: true }))).code, 'secret-key');
    equal(guard.request('/a', { method: 'POST', body: stream(), allowStream: true }).method, 'POST');
  },

  async 'numbers that cannot be meant are refused'(origin) {
    const { guard } = await begin(origin);
    for (const value of [-1, NaN, Infinity, '2', null, {}, { valueOf: () => 1 }, 1n, [1], true]) {
      for (const name of ['retries', 'timeout']) {
        equal((await rejected(guard.fetch('/a', { [name]: value }))).code, 'invalid-init', `${name} ${String(value)}`);
        equal((await rejected(KeyGuard.load(KEY, { baseUrl: origin, [name]: value }))).code, 'invalid-options', `${name} ${String(value)}`);
      }
    }
    for (const onEvent of [null, 1, 'x', {}]) equal((await rejected(KeyGuard.load(KEY, { baseUrl: origin, onEvent }))).code, 'invalid-options');
    for (const environment of [null, '', 'Warn', 1, new String('ignore')]) equal((await rejected(KeyGuard.load(KEY, { baseUrl: origin, environment }))).code, 'invalid-options');
  },

  async 'what is on a prototype sets none of the guard’s own members'(origin) {
    const { guard, received } = await begin(origin);
    const values = { json: { a: 1 }, idempotencyKey: 'same', retries: 0, timeout: 1, allowStream: true };
    await atOnce(() => {
      // For as long as the call is copied: Node's own server would trip over it.
      Object.assign(Object.prototype, values);
      const answer = guard.fetch('/503,200', { method: 'POST' });
      for (const name of Object.keys(values)) delete Object.prototype[name];
      return answer;
    });
    const all = await received();
    equal(all.map(({ body }) => body), ['', '']);
    ok(UUID.test(all[0].headers['idempotency-key']));
  },
};
