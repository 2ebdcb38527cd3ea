// The write side's waiting: the admin API's requests, and the Durable Objects that answer them. What is asked, allowed
// and stored is decided in the wasm, always within one turn of the event loop.
import { DurableObject } from "cloudflare:workers";

import { isGitHubs } from "./github.mjs";
import { Instance } from "./instance.mjs";
import { inTime } from "./limit.mjs";
import { within } from "./store.mjs";
import { posted, signingKey } from "./webhook.mjs";

const BODY_LIMIT = 1024 * 1024;
/** A put that takes longer counts as failed, and is made again. */
const PUT_LIMIT_MS = 10_000;
/** Puts of one run, and its time: a Worker may make a thousand, and an alarm has a quarter of an hour. */
const RUN_LIMIT = 600;
const RUN_LIMIT_MS = 5 * 60_000;
/** Messages of one run, and its time: what is due then has the next one. */
const TELL_LIMIT = 50;
const TELL_LIMIT_MS = 60_000;
/** Accounts that are told of leaks at the same time. */
const ACCOUNTS_AT_ONCE = 10;

// The wasm of the write side, and how to call it. Loaded when it is needed first: an isolate that only guards never is
// the slower for it.
let wasm;
let sound;

async function load() {
  const instance = new Instance(await import("./build/accounts.js"));
  // Two that loaded at once have one module and make two instances of it: the first one stays.
  if (wasm) return;
  wasm = instance.wasm;
  sound = (call) => instance.sound(call);
}

/** Answers a request below the reserved prefix. */
export async function administer(request, env, call) {
  if (!wasm) await load();
  const leak = sound(() => wasm.leaks_open(request, env, call));
  if (leak) return typeof leak === "string" ? reported(request, env, call, JSON.parse(leak)) : leak;
  const refused = sound(() => wasm.admin_open(request, env, call));
  if (refused) return refused;
  const body = textOf(await bytesOf(request));
  const planned = sound(() => wasm.admin_plan(request, env, call, body));
  if (typeof planned !== "string") return planned;
  const plan = JSON.parse(planned);
  let answer;
  try {
    answer = await asked(env, plan);
  } catch (error) {
    console.error(JSON.stringify({ event: "accounts-failed", request_id: call.id, reason: String(error?.message) }));
  }
  return sound(() => wasm.admin_answer(request, call, planned, answer));
}

async function asked(env, { place, name, call }) {
  if (place === "accounts") return JSON.stringify(await listed(env, JSON.parse(name)));
  if (place === "account") return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(name)).handle(call);
  const found = await env.DIGESTS.get(env.DIGESTS.idFromName(name)).find(call);
  const { status, body } = JSON.parse(found);
  if (status !== 200) return found;
  const { account } = JSON.parse(body);
  const owner = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account));
  return owner.handle(JSON.stringify({ ...JSON.parse(call), account }));
}

/** A page of the store's list; the store refuses a cursor that it didn't give. */
async function listed(env, page) {
  try {
    return await env.KEYS.list(page);
  } catch (error) {
    if (!page.cursor || !/\b400\b|cursor/i.test(String(error?.message))) throw error;
    return { keys: [], list_complete: true, is_bad_cursor: true };
  }
}

/** The body; `undefined` for one that is too long, and nothing of one that breaks off: no request here does with that. */
async function bytesOf(request) {
  const parts = [];
  let size = 0;
  try {
    for await (const part of request.body ?? []) {
      size += part.byteLength;
      if (size > BODY_LIMIT) return undefined;
      parts.push(part);
    }
  } catch {
    return new ArrayBuffer(0);
  }
  return new Blob(parts).arrayBuffer();
}

/** Bytes as text, and nothing for those that are none. */
function textOf(bytes) {
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "";
  }
}

/** Answers a report of leaked keys, once their accounts have it. */
async function reported(request, env, call, { source, limiter }) {
  if (limiter) {
    // Before anything else: nobody needs a credential to get here.
    const { binding, key, ms } = limiter;
    const room = await within(ms, () => env[binding].limit({ key }).then(({ success }) => success), undefined);
    if (room !== true) return sound(() => wasm.leaks_limited(request, env, call, room === false));
  }
  const bytes = await bytesOf(request);
  const isSigned = source !== "github" || (bytes && (await isGitHubs(request.headers, bytes, env, call.ctx)));
  const planned = sound(() => wasm.leaks_plan(request, env, call, source, textOf(bytes), isSigned));
  if (typeof planned !== "string") return planned;
  let known;
  try {
    known = JSON.stringify(await told(env, JSON.parse(planned), call.id));
  } catch (error) {
    console.error(JSON.stringify({ event: "accounts-failed", request_id: call.id, reason: String(error?.message) }));
  }
  return sound(() => wasm.leaks_answer(request, call, planned, known));
}

/** Tells accounts of their leaked keys; the digests of those that are somebody's. */
async function told(env, { leaks }, requestId) {
  const shards = Object.groupBy(leaks.filter(({ shard }) => shard), ({ shard }) => shard);
  const found = await Promise.all(Object.entries(shards).map(([shard, some]) =>
    env.DIGESTS.get(env.DIGESTS.idFromName(shard)).owners(JSON.stringify(some.map(({ digest }) => digest)))));
  const owners = new Map(found.flatMap((some) => JSON.parse(some)).map(({ digest, account }) => [digest, account]));
  // What was found in many places is one leak.
  const mine = new Map();
  for (const leak of leaks) if (owners.has(leak.digest) && !mine.has(leak.digest)) mine.set(leak.digest, leak);
  // One call for an account, however many of its keys leaked: a request may make a thousand.
  const told = Object.entries(Object.groupBy([...mine.values()], ({ digest }) => owners.get(digest)));
  const known = [];
  for (let at = 0; at < told.length; at += ACCOUNTS_AT_ONCE) {
    const some = told.slice(at, at + ACCOUNTS_AT_ONCE).map(async ([account, its]) => {
      const owner = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account));
      const outcomes = JSON.parse(await owner.exposeAll(its.map(({ report }) => report), requestId));
      known.push(...its.filter((_, index) => outcomes[index].is_known).map(({ digest }) => digest));
    });
    await Promise.all(some);
  }
  return known;
}

/** Takes a transaction back with what was to be answered. */
class Undone extends Error {
  constructor(answer) {
    super("undone");
    this.answer = answer;
  }
}

/** One account: the system of record of its keys. */
export class Account extends DurableObject {
  #sql = this.ctx.storage.sql;
  #projecting;
  #telling;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      if (!wasm) await load();
      const next = this.#next();
      if (next === null) return;
      // An alarm goes with every change; this is for what nobody thought of, and for a clock that jumped back.
      const alarm = await ctx.storage.getAlarm();
      if (alarm === null || alarm > Math.max(next, Date.now())) await ctx.storage.setAlarm(Date.now());
    });
  }

  /** Answers one call of the front. */
  async handle(call) {
    const { answer, prepared } = JSON.parse(sound(() => wasm.account_prepare(this.#sql, call)));
    if (answer) return JSON.stringify(answer);
    const taken = await this.#claim(call, prepared.claims);
    try {
      return this.ctx.storage.transactionSync(() => {
        const changed = sound(() => wasm.account_change(this.#sql, call, JSON.stringify(prepared), taken));
        const { answer: made, commit } = JSON.parse(changed);
        if (!commit) throw new Undone(JSON.stringify(made));
        // In the same turn as the change, so that both are kept or neither.
        this.ctx.storage.setAlarm(Date.now());
        return JSON.stringify(made);
      });
    } catch (error) {
      if (error instanceof Undone) return error.answer;
      throw error;
    }
  }

  /** Does what a report of an exposed key says: `{ is_known, is_due }`. */
  expose(report, requestId = crypto.randomUUID()) {
    return this.ctx.storage.transactionSync(() => {
      const outcome = sound(() => wasm.account_expose(this.#sql, report, requestId));
      if (JSON.parse(outcome).is_due) this.ctx.storage.setAlarm(Date.now());
      return outcome;
    });
  }

  /** The same for several: a list of what came of each. */
  exposeAll(reports, requestId) {
    return `[${reports.map((report) => this.expose(report, requestId))}]`;
  }

  /** Takes in that a key was used: `{ key_id, at }`. */
  used(use) {
    sound(() => wasm.account_used(this.#sql, use));
  }

  async alarm() {
    // Nothing waits for a receiver: a revocation goes to the store meanwhile.
    this.#telling ??= this.#tell();
    this.#projecting ??= this.#project().finally(() => { this.#projecting = undefined; });
    await this.#projecting;
  }

  /** Makes digests this account's; those that are another's, as JSON. */
  async #claim(call, claims) {
    const { DIGESTS } = this.env;
    const { account, query } = JSON.parse(call);
    const onlyLooks = new URLSearchParams(query).get("dry_run") === "true";
    const taken = await Promise.all(
      Object.entries(claims).map(([shard, digests]) =>
        DIGESTS.get(DIGESTS.idFromName(shard)).claim(account, JSON.stringify(digests), onlyLooks)),
    );
    return JSON.stringify(taken.flatMap((some) => JSON.parse(some)));
  }

  /** Brings what is due to the store, and sees to it that the rest follows. */
  async #project() {
    const { storage } = this.ctx;
    let next = Date.now() + 5000;
    try {
      sound(() => wasm.account_recover(this.#sql));
      const end = Date.now() + RUN_LIMIT_MS;
      for (let left = RUN_LIMIT; left > 0 && Date.now() < end; ) {
        const due = JSON.parse(sound(() => wasm.account_due(this.#sql)));
        if (due.length === 0) break;
        left -= due.length;
        const results = await Promise.all(due.map((row) => this.#put(row)));
        sound(() => wasm.account_settle(this.#sql, JSON.stringify(results)));
      }
      next = this.#next();
    } finally {
      if (next === null) storage.deleteAlarm();
      else storage.setAlarm(Math.max(next, Date.now()));
    }
  }

  /** Tells the policy's webhook what is due, and sees to it that the rest follows. */
  async #tell() {
    try {
      try {
        await this.#send();
      } finally {
        this.#telling = undefined;
        const next = this.#next();
        if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now()));
      }
    } catch (error) {
      console.error(JSON.stringify({ event: "accounts-failed", reason: String(error?.message) }));
    }
  }

  /** Sends messages that are due, one after the other, within the bounds of a run. */
  async #send() {
    const key = await signingKey(this.env.WEBHOOK_SECRET);
    const end = Date.now() + TELL_LIMIT_MS;
    for (let left = TELL_LIMIT; left > 0 && Date.now() < end; left -= 1) {
      const outgoing = JSON.parse(sound(() => wasm.account_notices(this.#sql, this.env, key !== undefined)));
      if (outgoing === null) return;
      const error = await posted(outgoing.url, key, outgoing.message);
      sound(() => wasm.account_told(this.#sql, outgoing.message.id, error));
    }
  }

  /** When something is due; a message that only waits for those on their way would call for an alarm again and again. */
  #next() {
    return JSON.parse(sound(() => wasm.account_next(this.#sql, this.#telling !== undefined)));
  }

  async #put({ name, value, metadata, generation }) {
    const started = Date.now();
    try {
      await inTime(PUT_LIMIT_MS, this.env.KEYS.put(name, value, metadata ? { metadata: JSON.parse(metadata) } : {}));
      return { name, generation, started, error: null };
    } catch (error) {
      return { name, generation, started, error: String(error?.message ?? "failed") };
    }
  }
}

/** Whose digests are whose: one object for each sixteenth of them. */
export class DigestIndex extends DurableObject {
  #sql = this.ctx.storage.sql;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      if (!wasm) await load();
      sound(() => wasm.digests_open(this.#sql));
    });
  }

  claim(account, digests, onlyLooks) {
    return sound(() => wasm.digests_claim(this.#sql, account, digests, onlyLooks));
  }

  find(call) {
    return sound(() => wasm.digests_find(this.#sql, call));
  }

  /** Of these digests those that are somebody's: a list of `{ digest, account }`. */
  owners(digests) {
    return sound(() => wasm.digests_owners(this.#sql, digests));
  }
}
