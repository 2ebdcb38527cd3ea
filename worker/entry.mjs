// What wrangler deploys: hands each request to the wasm and keeps everything that waits on this side, so
// that a trap there costs the one request that met it and no other.
import { administer } from "./accounts.mjs";
import * as guard from "./build/guard.js";
import { Instance } from "./instance.mjs";

export { Account, DigestIndex } from "./accounts.mjs";

const instance = new Instance(guard);

/** What one request needs of the runtime while the wasm isn't running. */
class Call {
  id = crypto.randomUUID();
  started = Date.now();

  /** Asks the store, and settles in time: with the text, with null for no entry, with undefined for a failure. */
  ask(store, name, cacheTtl, ms) {
    let timer;
    const late = new Promise((settle) => { timer = setTimeout(settle, ms); });
    const answer = async () => store.get(name, { type: "text", cacheTtl });
    this.stored = Promise.race([answer().catch(() => {}), late]).finally(() => clearTimeout(timer));
  }

  /** Sends the request on; the answer's headers have to come within `ms`. */
  send(request, ms) {
    const controller = new AbortController();
    this.timer = setTimeout(() => controller.abort(), ms);
    this.sent = controller.signal;
    this.forwarded = request;
    return fetch(request, { signal: controller.signal });
  }

  /** Lets a page of this origin read the upstream's response. */
  allow(origin, exposed) {
    this.origin = origin;
    this.exposed = exposed;
  }

  /** Leaves the request to the admin API. */
  reserve() {
    this.isReserved = true;
  }

  /** Tells the caller that its key was rotated, and until when it works. */
  retire(deprecation, sunset) {
    this.retired = { Deprecation: deprecation, Sunset: sunset };
  }

  finish(response) {
    clearTimeout(this.timer);
    if (!this.sent || !(this.origin || this.retired) || response.webSocket) return response;
    // What no response can be made of, such as a status of 600, is handed on as it is: the upstream has acted.
    const { status } = response;
    if (status < 200 || status > 599) return response;
    const changed = new Response(response.body, response);
    for (const [name, value] of Object.entries(this.retired ?? {})) changed.headers.set(name, value);
    if (!this.origin) return changed;
    changed.headers.set("Access-Control-Allow-Origin", this.origin);
    changed.headers.append("Access-Control-Expose-Headers", this.exposed);
    if (this.origin !== "*") changed.headers.append("Vary", "Origin");
    return changed;
  }
}

export default {
  async fetch(request, env) {
    const call = new Call();
    try {
      let answer = guard.fetch(request, env, call);
      if (call.isReserved) answer = administer(request, env, call);
      if (call.stored) answer = guard.stored(request, env, call, await call.stored);
      return call.finish(await answer);
    } catch (error) {
      clearTimeout(call.timer);
      // Whatever was thrown through the wasm left its stack as it was: only a new instance is sound.
      if (!call.sent || instance.isTrap(error)) instance.restart();
      const late = call.sent?.aborted ?? false;
      return guard.failed(request, env, call, Boolean(call.sent), late);
    }
  },
};
