// What accounts have still to be told of exposed keys. A report is kept until its account has taken it: the guard makes no other
// while it holds the key blocked by itself.

import { inTime } from "./limit.mjs";

/** Tries within the time that one request grants after its answer, with these pauses before them in milliseconds. */
const PAUSES_MS = [0, 500, 2000, 8000];
/** A try that takes longer has failed. All tries and pauses have to end within the 30 s for which `waitUntil` keeps a request. */
const LIMIT_MS = 4000;
/** How long one request's tries are waited for: longer than they take. After that another request's begin. */
const ROUND_MS = 31_000;
/** Between two rounds: what was down may still be. */
const REST_MS = 5000;
/** How many one request tells of: it may make a bounded number of calls. */
const MOST_AT_ONCE = 50;
/** For how long a report is tried; the guard blocks the key for as long. After that an incident is reported anew. */
const GIVEN_UP_MS = 60 * 60_000;
/** How many are kept: one for each key and kind of incident. */
const MOST = 1000;

/** Reports on their way. */
export class Reports {
  #waiting = new Map();
  #onTold;

  /** `onTold` is called with the digest of a key that its account was told of, where that takes the key out of use. */
  constructor(onTold) {
    this.#onTold = onTold;
  }

  /** Whether there is any that no account has taken yet. */
  get isWaiting() {
    return this.#waiting.size > 0;
  }

  /** Takes in what a request reports. What says the same as a report that still waits adds nothing. */
  add(account, text, requestId) {
    const { digest, action, channel } = JSON.parse(text);
    const name = `${action} ${channel} ${digest}`;
    if (this.#waiting.has(name)) return;
    if (this.#waiting.size >= MOST) {
      lost(text, "too many wait");
      return;
    }
    this.#waiting.set(name, { account, text, digest, isObeyed: action !== "refuse", requestId, since: Date.now(), dueAt: 0 });
  }

  /**
   * Tells the accounts what is due, after the answer of the request that this is called in. That must be one that isn't forwarded: what
   * `waitUntil` waits for would keep the call to the upstream going when the client has left.
   */
  deliver(env, ctx) {
    const now = Date.now();
    let left = MOST_AT_ONCE;
    for (const [name, report] of this.#waiting) {
      // A clock that jumped back makes nothing wait for longer.
      if (now < report.dueAt && report.dueAt - now <= ROUND_MS) continue;
      // Before a round: one that its request was gone with has no end to say it.
      if (now - report.since >= GIVEN_UP_MS) {
        this.#waiting.delete(name);
        lost(report.text, report.reason);
        continue;
      }
      if (left === 0) return;
      left -= 1;
      report.dueAt = now + ROUND_MS;
      ctx.waitUntil(this.#tell(env, name, report));
    }
  }

  async #tell(env, name, report) {
    for (const pause of PAUSES_MS) {
      if (pause > 0) await scheduler.wait(pause);
      try {
        await told(env, report);
      } catch (error) {
        report.reason = String(error?.message);
        continue;
      }
      this.#waiting.delete(name);
      if (report.isObeyed) this.#onTold(env, report.digest);
      return;
    }
    const { requestId, reason } = report;
    console.error(JSON.stringify({ event: "after-failed", what: "report", request_id: requestId, reason }));
    report.dueAt = Date.now() + REST_MS;
  }
}

function told(env, { account, text, requestId }) {
  return inTime(LIMIT_MS, env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account)).expose(text, requestId));
}

/** What nobody will be told any more is at least in the log. */
function lost(text, reason) {
  const { key_id, action, channel, place } = JSON.parse(text);
  console.error(JSON.stringify({ event: "report-lost", key_id, action, channel, place, reason }));
}
