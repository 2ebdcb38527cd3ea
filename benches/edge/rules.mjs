// The contract's rules that are no more than text in and verdict out, for the guard by hand with a cache.

/** The deployment's policy. */
export class Rules {
  constructor(policy) {
    const { upstream, routes, origins, cors } = typeof policy === 'string' ? JSON.parse(policy) : policy;
    Object.assign(this, { upstream, routes, origins, cors });
  }

  isListed(origin) {
    return !this.origins || this.origins.includes(origin);
  }

  allowOrigin(origin) {
    return this.cors?.origins.includes(origin) ? origin : undefined;
  }

  route(method, path, { kind }) {
    return this.routes.find((one) => one.path === path && one.method === method && (one.kind ?? 'publishable') === kind);
  }

  permits(route, { kind, scopes }) {
    if (!route) return kind === 'secret';
    return !route.scope || !scopes || scopes.includes(route.scope);
  }

  preflight(origin) {
    const allowed = this.allowOrigin(origin);
    if (!allowed) return new Response(null, { status: 403 });
    const headers = {
      'Access-Control-Allow-Origin': allowed,
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'authorization, content-type',
      'Access-Control-Max-Age': '600',
      Vary: 'Origin',
    };
    return new Response(null, { status: 204, headers });
  }
}

const FORM = /^[sp]k_(?:test_)?[0-9A-Za-z]{32}$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** Whether a text is a key in the issued form, its checksum right. */
export function isKey(text) {
  if (!FORM.test(text)) return false;
  const end = text.length - 6;
  let crc = -1;
  for (let index = 0; index < end; index += 1) crc = (crc >>> 8) ^ TABLE[(crc ^ text.charCodeAt(index)) & 255];
  let rest = ~crc >>> 0;
  for (let index = text.length - 1; index >= end; index -= 1) {
    if (text[index] !== ALPHABET[rest % 62]) return false;
    rest = Math.floor(rest / 62);
  }
  return true;
}

/** Whether a query holds what may be a key, plain or escaped. */
export function mightHoldKey(query) {
  if (!query.includes('_') && !query.includes('%')) return false;
  let text = query;
  try {
    text = decodeURIComponent(query);
  } catch {
    // Judged as it stands.
  }
  return /(?:^|[^0-9A-Za-z])[sp]k_(?:test_)?[0-9A-Za-z]{16}/.test(text);
}

const PLAIN = /^(?:\/[\w.~!$&'()*+,=:@-]+)*\/?$/;

/** The one canonical form of a path, or null. */
export function canonicalPath(path) {
  if (!PLAIN.test(path)) return normalised(path);
  return path.includes('/.') && path.split('/').some((segment) => segment === '.' || segment === '..') ? null : path;
}

function normalised(path) {
  let isAmbiguous = false;
  const text = path.replace(/%([0-9a-f]{2})/gi, (escape, digits) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    if (/[\0-\x1f\x7f-\xff/\\.%;]/.test(character)) isAmbiguous = true;
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
  if (isAmbiguous || !/^(?:\/(?:[\w.~!$&'()*+,=:@-]|%[0-9A-F]{2})+)*\/?$/.test(text)) return null;
  return text.split('/').some((segment) => segment === '.' || segment === '..') ? null : text;
}

const REMOVED = new Set([
  'authorization',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const OVERRIDE =
  /override|rewrite|^x-original-|original-path|unencoded-url|^x-(?:forwarded-(?:method|path|prefix|uri)|http-method|method|proxy-url|request-ur[il])$/;

/** Whether the upstream must not see the header of this name, which is in lower case. */
export function removes(name, connection, proxyConnection, removesOverrides) {
  const folded = name.includes('_') || name.includes('.') ? name.replace(/[_.]/g, '-') : name;
  return (
    REMOVED.has(folded) ||
    folded.startsWith('keyguard') ||
    (removesOverrides && OVERRIDE.test(folded)) ||
    (connection !== null && isNamed(folded, connection)) ||
    (proxyConnection !== null && isNamed(folded, proxyConnection))
  );
}

function isNamed(name, list) {
  return list.toLowerCase().replace(/[_.]/g, '-').split(',').some((one) => one.trim() === name);
}
