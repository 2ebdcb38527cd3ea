// What wrangler deploys: hands each request to the wasm and keeps everything that waits on this side, so
// that a trap there costs the one request that met it and no other.
import * as guard from "./build/index.js";

const instance = guard.__worker_init_state();

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

  finish(response) {
    clearTimeout(this.timer);
    if (!this.sent || !this.origin || response.webSocket) return response;
    // What no response can be made of, such as a status of 600, is handed on as it is: the upstream has acted.
    const { status } = response;
    if (status < 200 || status > 599) return response;
    const readable = new Response(response.body, response);
    readable.headers.set("Access-Control-Allow-Origin", this.origin);
    readable.headers.append("Access-Control-Expose-Headers", this.exposed);
    if (this.origin !== "*") readable.headers.append("Vary", "Origin");
    return readable;
  }
}

export default {
  async fetch(request, env) {
    const call = new Call();
    try {
      let answer = guard.fetch(request, env, call);
      if (call.stored) answer = guard.stored(request, env, call, await call.stored);
      return call.finish(await answer);
    } catch (error) {
      clearTimeout(call.timer);
      // Whatever was thrown through the wasm left its stack as it was: only a new instance is sound.
      if (!call.sent || instance.criticalError || error instanceof WebAssembly.RuntimeError) {
        instance.criticalError = false;
        guard.__wbg_reset_state();
      }
      const late = call.sent?.aborted ?? false;
      return guard.failed(request, env, call, Boolean(call.sent), late);
    }
  },
};
