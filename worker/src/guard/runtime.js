// The runtime's side of reading, forwarding and answering, each in one crossing. What is set and removed is decided in Rust.

/** Stands for a header that isn't there: no header's value can be it. */
const ABSENT = "\0";

/** All that is judged of a request, a field a line: see facts.rs. */
export function facts(request, call) {
  // The same for each pass.
  return (call.facts ??= judged(request, call));
}

function judged(request, call) {
  const { headers, method, url } = request;
  call.url = url;
  call.asking = headers.get("origin") ?? undefined;
  const authorization = headers.get("authorization") ?? ABSENT;
  // Each look into the headers costs: what can't matter isn't looked for.
  const site = authorization === ABSENT ? ABSENT : (headers.get("sec-fetch-site") ?? ABSENT);
  const asked = method === "OPTIONS" ? (headers.get("access-control-request-method") ?? ABSENT) : ABSENT;
  return `${url}
${method}
${call.id}
${headers.get("host") ?? ABSENT}
${authorization}
${call.asking ?? ABSENT}
${site}
${asked}`;
}

/**
 * All that decides which headers are removed, a field a line: see facts.rs. `undefined` when what came out for it is still known:
 * one client sends the same names again and again, and a string that crosses costs more than a look at it here.
 */
export function hops(call, request, removesOverrides) {
  const { headers } = request;
  const names = [];
  let connection = ABSENT;
  let proxy = ABSENT;
  let upgrade = ABSENT;
  for (const name of headers.keys()) {
    names.push(name);
    if (name === "connection") connection = headers.get(name);
    else if (name === "proxy-connection") proxy = headers.get(name);
    else if (name === "upgrade") upgrade = headers.get(name);
  }
  const isAsked = upgrade !== ABSENT;
  const method = isAsked ? request.method : ABSENT;
  const body = isAsked && request.body ? "body" : ABSENT;
  call.hops = { names, connection, proxy, upgrade, method, body };
  call.removed = known(removals[+removesOverrides], call.hops);
  if (call.removed) return undefined;
  return `${connection}
${proxy}
${upgrade}
${method}
${body}
${names.join(",")}`;
}

/** What is removed for `hops`, if that is still known. */
function known(entries, { names, connection, proxy, upgrade, method, body }) {
  for (let at = 0; at < entries.length; at += 1) {
    const { hops, removed } = entries[at];
    if (hops.connection !== connection || hops.proxy !== proxy || hops.upgrade !== upgrade) continue;
    if (hops.method !== method || hops.body !== body) continue;
    // Name by name: to make one text of them costs more than all of these comparisons.
    if (hops.names.length !== names.length || !names.every((name, index) => name === hops.names[index])) continue;
    // What is used stays.
    if (at > 0) [entries[at - 1], entries[at]] = [entries[at], entries[at - 1]];
    return removed;
  }
  return undefined;
}

/** Takes in what `hops` gave `text` for: the names that are removed, joined by commas. */
export function remove(call, removesOverrides, text, names) {
  call.removed = names ? names.split(",") : [];
  // Longer than the names of any client's own headers.
  if (text.length > LONGEST) return;
  const entries = removals[+removesOverrides];
  // What came long ago and wasn't asked for since.
  if (entries.length >= MOST) entries.pop();
  entries.unshift({ hops: call.hops, removed: call.removed });
}

/** What is removed of which headers: without those that override a method or path, and with them. */
const removals = [[], []];
const MOST = 16;
const LONGEST = 2048;

/** All that shows whether a server passed a request on, a field a line: see facts.rs. */
export function relay({ cf, headers }) {
  return `${cf?.httpProtocol ?? ABSENT}
${headers.get("x-forwarded-for") ?? ABSENT}
${[...headers.keys()]}`;
}

/**
 * Sends a request on, with another URL and other headers. What is the same for most requests of a key crosses once: with nobody `given`, who
 * it is is made of `fields`; without a URL it is what came, from the place `from` on; and `again` logs the last line with this request's id.
 */
export function send(call, request, given, fields, url, from, assertion, line, again, ms) {
  const who = given ?? identified(fields.split("\n"));
  if (line) who.line = line.split(call.id);
  if (line || again) console.log(who.line.join(call.id));
  call.identity = who;
  const target = url ?? who.upstream + call.url.slice(from);
  return call.send(request, target, forwarded(request, call.removed, who, call.id, assertion), ms);
}

/** Who a key is, as the upstream gets it, where its requests go, and what a page may read of the responses. */
function identified([account, keyId, kind, mode, upstream, exposed]) {
  return { account, keyId, kind, mode, upstream, exposed, line: undefined };
}

/** The caller's address, as the platform says it. */
export function address({ headers }) {
  return headers.get("cf-connecting-ip") ?? "";
}

export function isUrl(text) {
  return URL.canParse(text);
}

/** The path of a URL as the upstream gets it: `fetch` folds dot segments and escapes what a URL may not hold. */
export function pathname(url) {
  return new URL(url).pathname;
}

/** The headers of a request without those in `removed`, and with the identity. */
function forwarded({ headers: given }, removed, { account, keyId, kind, mode }, requestId, assertion) {
  const headers = new Headers(given);
  for (const name of removed) headers.delete(name);
  headers.set("Keyguard-Account", account);
  headers.set("Keyguard-Key-Id", keyId);
  headers.set("Keyguard-Kind", kind);
  headers.set("Keyguard-Mode", mode);
  headers.set("Keyguard-Request-Id", requestId);
  if (assertion) headers.set("Keyguard-Assertion", assertion);
  return headers;
}

/**
 * Logs a refusal and answers with it. `text` is the refusal, to be kept in its slot; without it what the slot has is taken, with this request's
 * id and the part of its URL from `from` to `to`. `own` is the line for the log where that isn't the slot's.
 */
export function refuse(call, slot, status, text, own, from, to) {
  const { id, url } = call;
  let refusal;
  if (text === undefined) {
    refusal = refusals[slot];
  } else {
    refusal = taken(id, status, text);
    if (slot !== NO_SLOT) refusals[slot] = refusal;
  }
  const { line, body, init } = refusal;
  console.log(own ?? line.join(id));
  // The response gets a copy.
  init.headers.set("Keyguard-Request-Id", id);
  const document = body.length === 3 ? body[0] + url.slice(from, to) + body[1] + id + body[2] : body.join(id);
  return new Response(document, init);
}

/** A refusal without what is each request's own: `text` has a field a line, an empty one for a header that isn't sent. */
function taken(id, status, text) {
  const [line, challenge, retryAfter, rateLimit, rateLimitPolicy, origin, exposed, body] = text.split("\n");
  const headers = new Headers({ "Content-Type": "application/problem+json", "Cache-Control": "no-store" });
  if (challenge) headers.set("WWW-Authenticate", challenge);
  if (retryAfter) headers.set("Retry-After", retryAfter);
  if (rateLimit) headers.set("RateLimit", rateLimit);
  if (rateLimitPolicy) headers.set("RateLimit-Policy", rateLimitPolicy);
  if (origin) {
    headers.set("Access-Control-Allow-Origin", origin);
    headers.set("Access-Control-Expose-Headers", exposed);
  }
  // Whether a page may read this depends on its origin even when it may not.
  if (origin !== "*") headers.set("Vary", "Origin");
  return { line: line.split(id), body: body.split(id), init: { status, headers } };
}

/** The refusals of late, by slot: which slot is whose is for the wasm to say. */
const refusals = [];
/** What doesn't come again is kept nowhere. */
const NO_SLOT = 0xffffffff;

export function preflight(origin, methods, headers, maxAge) {
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Methods": methods,
      "Access-Control-Allow-Headers": headers,
      "Access-Control-Max-Age": maxAge,
      Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    },
  });
}
