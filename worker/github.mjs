// Whether a message is GitHub's: its secret scanning signs what it sends, with keys that it publishes.
// https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program
import { shared } from "./store.mjs";

const KEYS_URL = "https://api.github.com/meta/public_keys/secret_scanning";
const KEYS_LIMIT = 64 * 1024;
const KEYS_LIMIT_MS = 5000;
/** A list is good for an hour. Where no newer one comes, its keys still are for a day. */
const FRESH_MS = 60 * 60_000;
const STALE_MS = 24 * FRESH_MS;
/** After a list that failed. */
const PAUSE_MS = 1000;
/** Between two lists: who makes identifiers up must not make us fetch one for each, nor use up what GitHub grants to an address. */
const FRESH_PAUSE_MS = 5 * 60_000;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

let keys = new Map();
let fetchedAt = -Infinity;
let failedAt = -Infinity;
let askedAgainAt = -Infinity;
/** The list that was asked for last: when, and whether it came, once that is known. */
let asking = { askedAt: -Infinity, value: false };

/** Whether `bytes` are signed by GitHub: true or false, or undefined where there is no way to find out now. */
export async function isGitHubs(headers, bytes, env, ctx) {
  const identifier = headers.get("github-public-key-identifier") ?? "";
  const signature = rawSignature(headers.get("github-public-key-signature") ?? "");
  if (!/^[0-9a-zA-Z_-]{1,128}$/.test(identifier) || !signature) return false;
  const found = await keyOf(identifier, env.GITHUB_KEYS_URL ?? KEYS_URL, env.GITHUB_TOKEN, ctx);
  if (!found) return found === undefined ? undefined : false;
  return crypto.subtle.verify(ALGORITHM, found, signature, bytes);
}

/** The key of this name: null for none that GitHub has, undefined where that can't be found out now. */
async function keyOf(identifier, url, token, ctx) {
  const known = keys.get(identifier);
  const isFresh = isWithin(fetchedAt, FRESH_MS);
  if (known && isFresh) return known;
  const stale = isWithin(fetchedAt, STALE_MS) ? known : undefined;
  // GitHub sends several at once, and doesn't promise to send again: who finds a list on its way waits for it, whoever asked. Nobody waits for
  // one that is overdue.
  const isOnItsWay = asking.value === undefined && isWithin(asking.askedAt, KEYS_LIMIT_MS);
  if (!isOnItsWay) {
    // A name that a fresh list lacks may be newer than the list, or made up.
    if (isFresh ? isWithin(askedAgainAt, FRESH_PAUSE_MS) : isWithin(failedAt, PAUSE_MS)) return stale;
    if (isFresh) askedAgainAt = Date.now();
  }
  const hasCome = isOnItsWay ? await shared(asking, KEYS_LIMIT_MS) : await renewed(url, token, ctx);
  return hasCome ? keys.get(identifier) ?? null : stale;
}

/** Whether `at` is less than `ms` ago. A time to come is none: the clock jumped back. */
function isWithin(at, ms) {
  const now = Date.now();
  return now >= at && now - at < ms;
}

/** Fetches the list; whether it came. */
function renewed(url, token, ctx) {
  const begun = { askedAt: Date.now(), value: undefined };
  asking = begun;
  const ended = published(url, token).then(
    (list) => {
      keys = list;
      fetchedAt = Date.now();
      return true;
    },
    (error) => {
      failedAt = Date.now();
      console.error(JSON.stringify({ event: "github-keys-failed", reason: String(error?.message) }));
      return false;
    },
  ).then((hasCome) => (begun.value = hasCome));
  // Others may wait for it when its own client has gone.
  ctx.waitUntil(ended);
  return ended;
}

/** The keys that GitHub has. Who is nobody shares what GitHub grants to an address with all who use it. */
async function published(url, token) {
  const headers = { Accept: "application/json", "User-Agent": "keyguard" };
  // What no header may hold would end up in an error, and so in the log.
  if (/^[!-~]+$/.test(token?.trim() ?? "")) headers.Authorization = `Bearer ${token.trim()}`;
  const response = await fetch(url, {
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(KEYS_LIMIT_MS),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const parts = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.byteLength;
    if (size > KEYS_LIMIT) throw new Error("too long a list");
    parts.push(part);
  }
  const list = JSON.parse(await new Blob(parts).text()).public_keys;
  const imported = await Promise.allSettled(list.map(importedKey));
  const good = imported.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  // Keys of another type may join them, as when the algorithm changes: what they sign can't be verified, and what the others sign can.
  const skipped = list.length - good.length;
  if (good.length === 0) throw new Error("no key of its list can be used");
  if (skipped > 0) console.warn(JSON.stringify({ event: "github-keys-skipped", skipped }));
  return new Map(good);
}

async function importedKey({ key_identifier: identifier, key }) {
  const spki = Uint8Array.fromBase64(key.replace(/-----(BEGIN|END) PUBLIC KEY-----|\s/g, ""));
  return [identifier, await crypto.subtle.importKey("spki", spki, ALGORITHM, false, ["verify"])];
}

/** A signature as WebCrypto takes it, of base64 of DER (RFC 3279 §2.2.3): two numbers of 32 bytes. */
function rawSignature(base64) {
  let der;
  try {
    der = Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
  if (der.length < 8 || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1];
    let number = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || !(length > 0) || number.length !== length || number[0] > 0x7f) return undefined;
    if (number[0] === 0 && length > 1) number = number.subarray(1);
    if (number.length > 32) return undefined;
    raw.set(number, end - number.length);
    at += 2 + length;
  }
  return at === der.length ? raw : undefined;
}
