// One edge with everything around it in the test's hands: the store, the upstream, and the clock and bindings by way
// of stand-in.mjs.

import assert from 'node:assert/strict';
import { once } from 'node:events';

import { assertRefused, issueKey, playUpstream, policyFor, seed, startBareEdge, stopAll } from '../harness.mjs';

const TARGET = '/pay';

/** A server whose answers a test plays, and that can stop listening. */
class Played {
  static async start(usual) {
    const played = new Played();
    Object.assign(played, { usual, how: usual, count: 0 });
    Object.assign(
      played,
      await playUpstream((request, response) => {
        played.count += 1;
        // A fault breaks connections: what its server meets then is no news.
        for (const stream of [request, response]) stream.on('error', () => {});
        played.asked?.(request);
        played.how(request, response);
      }),
    );
    played.server.on('connection', (socket) => socket.on('error', () => {}));
    return played;
  }

  /** The next request that comes, once its headers are there. */
  next() {
    return new Promise((resolve) => {
      this.asked = resolve;
    });
  }

  async refuse() {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  async heal() {
    this.how = this.usual;
    this.asked = undefined;
    if (this.server.listening) return;
    this.server.listen(Number(new URL(this.origin).port), '127.0.0.1');
    await once(this.server, 'listening');
  }
}

export class Stage {
  /** Starts it with `fields` over the policy, and with the edge's further `options`. */
  static async start({ fields, ...options } = {}) {
    const stage = new Stage();
    stage.entries = new Map();
    stage.store = await Played.start((request, response) => {
      const entry = stage.entries.get(decodeURIComponent(new URL(request.url, stage.store.origin).pathname).slice(1));
      if (entry === undefined) response.writeHead(404);
      response.end(entry);
    });
    stage.upstream = await Played.start((request, response) => {
      request.resume();
      request.on('end', () => response.end('fine'));
    });
    stage.policy = policyFor(stage.upstream.origin, {
      routes: ['GET', 'POST'].map((method) => ({ method, path: TARGET })),
      store_timeout_ms: 1000,
      upstream_timeout_ms: 1000,
      memory_ttl: 300,
      memory_ttl_unknown: 1,
      rates: {
        tiers: [{ name: 'played', binding: 'RATE_PLAYED', limit: 1, period: 60 }],
        refused: { binding: 'RATE_REFUSED', limit: 10, period: 60 },
      },
      ...fields,
    });
    stage.usual = { policy: stage.policy, store: stage.store.origin, standIn: true, ...options };
    stage.edge = await startBareEdge(stage.usual);
    stage.hot = await stage.key('secret', { isHot: true });
    return stage;
  }

  /** A key that the store has, and that the edge has seen if it is to be hot. */
  async key(kind, { fields, isHot }) {
    const one = seed(kind, 'test', fields);
    this.put(one, one.entry[1]);
    if (isHot) assert.equal(await this.ask(one), '200');
    return { ...one, isHot };
  }

  put({ entry: [name] }, value) {
    this.entries.set(name, value);
  }

  headers({ key }, standIn) {
    // All come from one address, and many are refused.
    return [['Authorization', `Bearer ${key}`], ['X-Stand-In', JSON.stringify({ refused: 'says yes', ...standIn })]];
  }

  /** Sends a request, and says in the table's words what was answered. */
  async ask(key, { standIn, headers = [], ...request } = {}) {
    return said(
      await this.edge.send({ target: TARGET, ...request, headers: [...this.headers(key, standIn), ...headers] }),
    );
  }

  /** Sends a request whose response is read by the test. */
  fetch(key, options = {}) {
    return fetch(`${this.edge.origin}${TARGET}`, { headers: Object.fromEntries(this.headers(key)), ...options });
  }

  /** Causes a fault with a request of this key, and says what came of it. */
  async outcome(key, how) {
    const before = { upstream: this.upstream.count, store: this.store.count };
    try {
      const outcome = await how(this, key);
      const isRefusal = /^4|misconfigured|store-unavailable|internal/.test(outcome);
      if (isRefusal && outcome !== '404') assert.equal(this.upstream.count, before.upstream, 'it was forwarded');
      return outcome;
    } finally {
      await Promise.all([this.store.heal(), this.upstream.heal()]);
    }
  }

  /** The same key, if what was done leaves it one, and others are answered rightly. */
  async isHealthy(key) {
    const cold = await this.key('publishable', { isHot: false });
    for (const one of [key, this.hot, cold]) if (one) assert.equal(await this.ask(one), '200');
    assert.equal(await this.ask({ key: issueKey('secret', 'test') }), '400 invalid-key');
  }

  /** Another deployment in the place of this one: a new isolate, with nothing remembered. */
  async deploy(options) {
    await this.edge.kill();
    this.edge.configure(options);
    await this.edge.start();
  }

  stop() {
    return stopAll(this.edge, this.store, this.upstream);
  }
}

function said(response) {
  assert.ok(response, 'there is no response');
  if (response.header('content-type') === 'application/problem+json') {
    const { code } = response.json;
    assertRefused(response, code);
    return `${response.status} ${code}`;
  }
  if (response.status < 400) {
    if (response.status === 200) assert.equal(response.text, 'fine');
    return String(response.status);
  }
  assert.equal(response.text, 'its own');
  return `${response.status} its own`;
}
