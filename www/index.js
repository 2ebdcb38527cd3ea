// The package's entry. Importing it does no work: WebAssembly starts with the first `KeyGuard.load`.
import {
  __wbg_set_wasm, checkCause, checkInit, checkKey, checkOptions, checkPath, checkRequest, isTest,
} from './keyguard_web_bg.js';
import wasm from './wasm.js';
import { KeyGuardError, refusal } from './error.js';
import { REJECTED_INIT, UNREADABLE_OPTIONS } from './refusals.js';
import { body, encode, options as read, pinned, quoted, sent, snapshot } from './values.js';

export { KeyGuardError };

let started;

/** What `load` alone has. */
const PROOF = {};

async function start() {
  try {
    __wbg_set_wasm((await WebAssembly.instantiate(decoded(wasm))).instance.exports);
  } catch (cause) {
    throw new KeyGuardError(
      'wasm-unavailable',
      "WebAssembly can't start, so no key was loaded. A Content-Security-Policy needs 'wasm-unsafe-eval' in script-src.",
      cause,
    );
  }
}

/**
 * The bytes of a text in which printable characters stand for themselves, and the others are two characters:
 * a page of 91 (space or `!`) and a place in it. Compressed it is a fifth smaller than base64.
 */
function decoded(text) {
  const bytes = [];
  let page;
  for (const char of text) {
    const code = char.charCodeAt();
    if (code < 35) {
      page = (code - 32) * 91;
    } else if (page === undefined) {
      bytes.push(code);
    } else {
      const place = page + code - (code > 92 ? 36 : 35);
      bytes.push(place < 35 ? place : place === 35 ? 92 : place + 91);
      page = undefined;
    }
  }
  return new Uint8Array(bytes);
}

/** Throws what a verdict of the rules says, if it is a refusal. */
function obey(verdict) {
  if (verdict) throw refusal(verdict);
}

/** Reads values of the page, or gives them to the runtime. What that throws is the cause of a refusal. */
function attempt(action, number) {
  try {
    return action();
  } catch (cause) {
    obey(checkCause(encode(quoted(cause))));
    throw refusal(number, cause);
  }
}

/** A publishable key, and the one place that it may be sent to; neither can be seen or changed from outside. */
export class KeyGuard {
  #authorization;
  #base;
  #mode;

  constructor(proof, key, base) {
    if (proof !== PROOF) throw new TypeError('Use KeyGuard.load');
    this.#authorization = 'Bearer ' + key;
    this.#base = base;
    this.#mode = isTest(encode(key)) ? 'test' : 'live';
  }

  static async load(key, options) {
    await (started ??= start());
    const bytes = encode(key);
    obey(checkKey(bytes));
    const { href, mode, acceptForeignKeys } = attempt(() => read(options), UNREADABLE_OPTIONS);
    obey(checkOptions(bytes, encode(href), encode(mode), encode(acceptForeignKeys)));
    return new KeyGuard(PROOF, key, href.replace(/\/$/, ''));
  }

  get mode() {
    return this.#mode;
  }

  request(path, init) {
    const [authorization, base] = [this.#authorization, this.#base];
    obey(checkPath(encode(path)));
    const copy = attempt(() => snapshot(init), REJECTED_INIT);
    obey(checkInit(encode(pinned(copy)), encode(sent(copy)), body(copy)));
    copy.headers.set('authorization', authorization);
    const request = attempt(() => new Request(base + path, copy), REJECTED_INIT);
    // The browser has parsed all of it in its own way by now, and dropped what it doesn't allow.
    const told = (...lines) => encode(lines.join('\n'));
    obey(
      checkRequest(
        told(pinned(copy), authorization, base),
        told(pinned(request), request.headers.get('authorization'), request.url),
      ),
    );
    return request;
  }

  async fetch(path, init) {
    return fetch(this.request(path, init));
  }
}
