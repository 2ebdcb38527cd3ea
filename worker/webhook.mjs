// Telling the operator: a message by Standard Webhooks, signed with a secret that the receiver has as well.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

/** A receiver that takes longer has failed, and is told again. */
const LIMIT_MS = 10_000;

/** The key of `whsec_<base64>`, as Standard Webhooks has it; none for anything else. */
export async function signingKey(secret) {
  const base64 = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/.exec(secret ?? "")?.[1];
  if (base64 === undefined) return undefined;
  try {
    const bytes = Uint8Array.fromBase64(base64);
    return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  } catch {
    return undefined;
  }
}

/** Sends a message, signed: why it didn't arrive, or nothing if it did. */
export async function posted(url, key, { id, body }) {
  const timestamp = Math.floor(Date.now() / 1000);
  try {
    const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": `v1,${signature.toBase64()}`,
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return String(error?.name ?? "failed");
  }
}
