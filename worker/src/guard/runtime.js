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
  const authorization = headers.get("authorization") ?? ABSENT;
  // Each look into the headers costs: what can't matter isn't looked for.
  const site = authorization === ABSENT ? ABSENT : (headers.get("sec-fetch-site") ?? ABSENT);
  const asked = method === "OPTIONS" ? (headers.get("access-control-request-method") ?? ABSENT) : ABSENT;
  return `${url}
${method}
${call.id}
${headers.get("host") ?? ABSENT}
${authorization}
${headers.get("origin") ?? ABSENT}
${site}
${asked}`;
}

/**
 * All that decides which headers are removed, a field a line: see facts.rs. `undefined` when what came out for it is still known:
 * one client sends the same names again and again, and a string that crosses costs more than a look at it here.
 */
export function hops(call, { headers }, removesOverrides) {
  let names = "";
  let connection = ABSENT;
  let proxy = ABSENT;
  let upgrade = ABSENT;
  for (const name of headers.keys()) {
    names += name + ",";
    if (name === "connection") connection = headers.get(name);
    else if (name === "proxy-connection") proxy = headers.get(name);
    else if (name === "upgrade") upgrade = headers.get(name);
  }
  const text = `${connection}
${proxy}
${upgrade}
${names}`;
  call.removed = removals[+removesOverrides].get(text);
  return call.removed ? undefined : text;
}

/** Takes in what `hops` gave `text` for: the names that are removed, joined by commas. */
export function remove(call, removesOverrides, text, names) {
  call.removed = names ? names.split(",") : [];
  // Longer than the names of any client's own headers.
  if (text.length > LONGEST) return;
  const known = removals[+removesOverrides];
  if (known.size >= MOST) known.clear();
  known.set(text, call.removed);
}

/** What is removed of which headers: without those that override a method or path, and with them. */
const removals = [new Map(), new Map()];
const MOST = 64;
const LONGEST = 2048;

/** All that shows whether a server passed a request on, a field a line: see facts.rs. */
export function relay({ cf, headers }) {
  return `${cf?.httpProtocol ?? ABSENT}
${headers.get("x-forwarded-for") ?? ABSENT}
${[...headers.keys()]}`;
}

/** Who a key is, as the upstream gets it, and where its requests go: a field a line. */
export function identity(fields) {
  const [account, keyId, kind, mode, upstream] = fields.split("\n");
  return { account, keyId, kind, mode, upstream, line: undefined };
}

/**
 * Sends a request on, with another URL and other headers. `text` has a field a line: the URL, the line for the log and the assertion, each
 * of them empty where there is none. What is the same for most requests of a key crosses once: without a URL it is what came, from the
 * place `from` on, and `again` logs the last line with this request's id.
 */
export function send(call, request, who, text, from, again, ms) {
  const [url, line, assertion] = text === undefined ? [] : text.split("\n");
  if (line) who.line = line.split(call.id);
  if (line || again) console.log(who.line.join(call.id));
  call.identity = who;
  const target = url || who.upstream + call.url.slice(from);
  return call.send(request, target, forwarded(request, call.removed, who, call.id, assertion), ms);
}

/** The caller's address, as the platform says it. */
export function address({ headers }) {
  return headers.get("cf-connecting-ip") ?? "";
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
 * Logs a refusal and answers with it. `text` has a field a line, an empty one for a header that isn't sent: a string that
 * crosses costs more than what it says.
 */
export function refuse(status, text) {
  const [line, requestId, challenge, retryAfter, rateLimit, rateLimitPolicy, origin, exposed, body] = text.split("\n");
  console.log(line);
  const headers = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "Keyguard-Request-Id": requestId,
  };
  if (challenge) headers["WWW-Authenticate"] = challenge;
  if (retryAfter) headers["Retry-After"] = retryAfter;
  if (rateLimit) headers["RateLimit"] = rateLimit;
  if (rateLimitPolicy) headers["RateLimit-Policy"] = rateLimitPolicy;
  if (origin) {
    headers["Access-Control-Allow-Origin"] = origin;
    headers["Access-Control-Expose-Headers"] = exposed;
  }
  // Whether a page may read this depends on its origin even when it may not.
  if (origin !== "*") headers["Vary"] = "Origin";
  return new Response(body, { status, headers });
}

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
