// The runtime's side of reading, forwarding and answering, each in one crossing. What is set and removed is decided in Rust.

/** Stands for a header that isn't there: no header's value can be it. */
const ABSENT = "\0";

/** All that is judged of a request, a field a line: see facts.rs. */
export function facts(request, call) {
  // A later pass differs in the time alone.
  call.facts ??= judged(request, call);
  return `${call.facts}
${Date.now()}`;
}

function judged(request, { id, started }) {
  const { headers, method } = request;
  const authorization = headers.get("authorization") ?? ABSENT;
  // Each look into the headers costs: what can't matter isn't looked for.
  const site = authorization === ABSENT ? ABSENT : (headers.get("sec-fetch-site") ?? ABSENT);
  const asked = method === "OPTIONS" ? (headers.get("access-control-request-method") ?? ABSENT) : ABSENT;
  return `${request.url}
${method}
${id}
${started}
${headers.get("host") ?? ABSENT}
${authorization}
${headers.get("origin") ?? ABSENT}
${site}
${asked}`;
}

/** All that decides which headers are removed, a field a line: see facts.rs. */
export function hops({ headers }) {
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
  return `${connection}
${proxy}
${upgrade}
${names}`;
}

/** All that shows whether a server passed a request on, a field a line: see facts.rs. */
export function relay({ cf, headers }) {
  return `${cf?.httpProtocol ?? ABSENT}
${headers.get("x-forwarded-for") ?? ABSENT}
${[...headers.keys()]}`;
}

/** A list of names, joined by commas. */
export function list(names) {
  return names ? names.split(",") : [];
}

/** Who a key is, as the upstream gets it: a field a line. */
export function identity(fields) {
  const [account, keyId, kind, mode] = fields.split("\n");
  return { account, keyId, kind, mode };
}

/** Sends a request on, with another URL and other headers. */
export function send(call, request, url, removed, who, assertion, ms) {
  call.identity = who;
  return call.send(request, url, forwarded(request, removed, who, call.id, assertion), ms);
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
