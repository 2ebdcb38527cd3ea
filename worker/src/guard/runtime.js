// The runtime's side of forwarding and answering, each in one crossing. What is set and removed is decided in Rust.

export function names(headers) {
  return [...headers.keys()].join("\n");
}

export function derive(request, url, removed, account, keyId, kind, mode, requestId) {
  const derived = new Request(url, request);
  const { headers } = derived;
  if (removed) for (const name of removed.split("\n")) headers.delete(name);
  headers.set("Keyguard-Account", account);
  headers.set("Keyguard-Key-Id", keyId);
  headers.set("Keyguard-Kind", kind);
  headers.set("Keyguard-Mode", mode);
  headers.set("Keyguard-Request-Id", requestId);
  return derived;
}

export function problem(status, body, requestId, challenge, retryAfter, origin, exposed) {
  const headers = {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    "Keyguard-Request-Id": requestId,
  };
  if (challenge) headers["WWW-Authenticate"] = challenge;
  if (retryAfter) headers["Retry-After"] = retryAfter;
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
