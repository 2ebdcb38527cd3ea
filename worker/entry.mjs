// What wrangler deploys: hands each request to the wasm and keeps everything that waits on this side, so
// that a trap there costs the one request that met it and no other.
import { administer } from "./accounts.mjs";
import * as guard from "./build/guard.js";
import { Instance } from "./instance.mjs";
import { inTime } from "./limit.mjs";
import { Reports } from "./reports.mjs";
import { read, within } from "./store.mjs";

export { Account, DigestIndex } from "./accounts.mjs";

const instance = new Instance(guard);
const reports = new Reports((env, digest) => instance.sound(() => guard.told(env, digest, Date.now())));
/** How often the store is asked of a key that was given away, and how long it gets for a rest in between. */
const INSPECTIONS = 3;
const INSPECTION_REST_MS = 1000;
/** How long an account has to take in that its key was used. It doesn't matter much, and a call to an upstream goes on while it is waited for. */
const USE_LIMIT_MS = 2000;

/** Analytics Engine takes no longer index, in bytes; an account's id is ASCII. */
const LONGEST_INDEX = 96;

/** What one request needs of the runtime while the wasm isn't running. */
class Call {
  id = crypto.randomUUID();
  started = Date.now();
  isSent = false;
  isLate = false;
  isAnswered = false;
  isStruck = false;

  constructor(env, ctx) {
    this.env = env;
    this.ctx = ctx;
  }

  /** Asks the store: `storing` settles in time with the text, with null for no entry, with false for a failure. */
  ask(store, name, cacheTtl, ms) {
    const { answer, askedAt } = read(this.ctx, store, name, cacheTtl, ms);
    this.storing = answer;
    this.askedAt = askedAt;
  }

  /** Asks a key's limiter: `limiting` settles in time with whether there is room, with null for a failure. */
  limit(limiter, key, ms) {
    this.limiting = within(ms, () => limiter.limit({ key }).then(({ success }) => success === true), null);
  }

  /** Counts a refused credential for an address, after the answer: once, however many keys that nobody has one request names. */
  strike(limiter, network, address) {
    if (this.isStruck) return;
    this.isStruck = true;
    this.after("strike", async () => {
      const { success } = await limiter.limit({ key: network });
      if (!success) instance.sound(() => guard.struck(this.env, address, Date.now()));
    });
  }

  /** Looks after a key that was given away, after the answer. */
  inspect(request, env, store, name, cacheTtl, ms) {
    this.after("inspection", async () => {
      for (let left = INSPECTIONS; ; ) {
        const { answer, askedAt } = read(this.ctx, store, name, cacheTtl, ms);
        const stored = await answer;
        // Not before: several keys of one request are asked for, each at its own time.
        this.askedAt = askedAt;
        if (instance.sound(() => guard.inspected(request, env, this, name, stored))) return;
        left -= 1;
        if (left === 0) throw new Error("the store doesn't say whether there is such a key");
        await scheduler.wait(INSPECTION_REST_MS);
      }
    });
  }

  /** Tells an account of an incident, after the answer. */
  report(account, report) {
    reports.add(account, report, this.id);
    reports.deliver(this.env, this.ctx);
  }

  /** Tells an account that one of its keys was used, after the answer. */
  used(account, keyId, at) {
    this.after("use", () => inTime(USE_LIMIT_MS, this.#account(account).used(JSON.stringify({ key_id: keyId, at }))));
  }

  /**
   * Counts the verdict. Nothing waits for that; and it waits for nothing, least of all the upstream: what `waitUntil` waits for would
   * keep the call to it going when the client has left.
   */
  count(account, blobs) {
    const doubles = [Date.now() - this.started];
    const index = account.slice(0, LONGEST_INDEX);
    this.after("count", () => this.env.USAGE.writeDataPoint({ indexes: [index], blobs: blobs.split("\n"), doubles }));
  }

  /** Does what no answer waits for. What fails is logged, and done again when it is due again. */
  after(what, act) {
    const failed = (error) =>
      console.error(JSON.stringify({ event: "after-failed", what, request_id: this.id, reason: String(error?.message) }));
    this.ctx.waitUntil((async () => act())().catch(failed));
  }

  #account(name) {
    return this.env.ACCOUNTS.get(this.env.ACCOUNTS.idFromName(name));
  }

  /** Sends the request on: what the caller gets, whose headers have to come within `ms`. */
  send(request, url, headers, ms) {
    this.isSent = true;
    const { method, body } = request;
    const isRead = method === "GET" || method === "HEAD";
    // The platform's `fetch` reads through a cache that all callers share. Answers to requests with Authorization stay out of it
    // (RFC 9111 §3.5), and none is left on ours: without this one account would get what another one got.
    const cache = isRead ? "no-store" : undefined;
    // One promise from the upstream to the caller, where each more would cost.
    return new Promise((settle, fail) => {
      const failed = (error) => {
        try {
          settle(broken(request, this.env, this, error));
        } catch (trap) {
          fail(trap);
        }
      };
      // What comes once the caller has an answer is nobody's.
      const done = (response) => {
        if (this.isAnswered) return;
        this.isAnswered = true;
        try {
          settle(this.finish(response));
        } catch (error) {
          failed(error);
        }
      };
      // It ends with the request, or finds it answered: to clear it costs as much as to set it.
      setTimeout(() => {
        if (this.isAnswered) return;
        this.isLate = true;
        failed(new Error("no answer in time"));
      }, ms);
      let sent;
      try {
        // Another request would take `cf` along, which is ours and costs a quarter of the whole; but `fetch` alone makes none of
        // these methods with a body.
        sent = isRead && body
          ? fetch(new Request(url, request), { headers, redirect: "manual", cache })
          : fetch(url, { method, headers, body, redirect: "manual", cache });
      } catch (error) {
        // Not at once: the wasm that called isn't to be entered a second time before it has returned.
        sent = Promise.reject(error);
      }
      sent.then(done, (error) => this.isAnswered || failed(error));
    });
  }

  /** Lets pages of this origin read the upstream's response; of the one that asks, without one. */
  allow(origin = this.asking) {
    this.origin = origin;
  }

  /** Leaves the request to the admin API. */
  reserve() {
    this.isReserved = true;
  }

  /** Tells the caller that its key was rotated, and until when it works. */
  retire(deprecation, sunset) {
    this.retired = { Deprecation: deprecation, Sunset: sunset };
  }

  /** The upstream's response, with what is added to it on the way. */
  finish(response) {
    // RFC 9110 §15.2.2: nobody asked to switch, and no client gets on after this answer.
    if (response.status === 101 && !response.webSocket) throw new Error("switched protocols unasked");
    if (!(this.origin || this.retired) || response.webSocket) return response;
    // What no response can be made of, such as a status of 600, is handed on as it is: the upstream has acted.
    const { status } = response;
    if (status < 200 || status > 599) return response;
    const changed = new Response(response.body, response);
    const { headers } = changed;
    for (const name in this.retired) headers.set(name, this.retired[name]);
    if (!this.origin) return changed;
    headers.set("Access-Control-Allow-Origin", this.origin);
    headers.append("Access-Control-Expose-Headers", this.identity.exposed);
    if (this.origin !== "*") headers.append("Vary", "Origin");
    return changed;
  }
}

/** Answers for what was thrown on the way. */
function broken(request, env, call, error) {
  call.isAnswered = true;
  const answer = () => guard.failed(request, env, call, call.isSent, call.isLate);
  try {
    // Whatever was thrown through the wasm left its stack as it was: only a new instance is sound.
    if (!call.isSent || instance.isTrap(error)) instance.restart();
    return answer();
  } catch {
    instance.restart();
    return instance.sound(answer);
  }
}

/** The admin API's answer. What is thrown there never ran through the guard, which must forget nothing for it. */
async function administered(request, env, call) {
  try {
    return await administer(request, env, call);
  } catch (error) {
    console.error(JSON.stringify({ event: "accounts-failed", request_id: call.id, reason: String(error?.message) }));
    return guard.failed(request, env, call, false, false);
  }
}

/** Goes on with a request that has to wait for something before its answer. */
async function resume(request, env, call) {
  let stored;
  let room;
  try {
    while (!call.isReserved) {
      if (call.storing) stored = await call.storing;
      if (call.limiting) room = await call.limiting;
      call.storing = call.limiting = undefined;
      const answer = guard.resumed(request, env, call, stored, room);
      if (call.storing || call.limiting) continue;
      if (!call.isSent && reports.isWaiting) reports.deliver(env, call.ctx);
      return answer;
    }
    return await administered(request, env, call);
  } catch (error) {
    return broken(request, env, call, error);
  }
}

export default {
  fetch(request, env, ctx) {
    const call = new Call(env, ctx);
    let answer;
    try {
      answer = guard.fetch(request, env, call);
    } catch (error) {
      return broken(request, env, call, error);
    }
    const waits = call.storing || call.limiting || call.isReserved;
    if (waits) return resume(request, env, call);
    if (!call.isSent && reports.isWaiting) reports.deliver(env, ctx);
    return answer;
  },
};
