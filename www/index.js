// The package's entry. Importing it does no work: WebAssembly starts with the first `KeyGuard.load`.
import { initSync, KeyGuard as Guard } from './keyguard_web.js';
import wasm from './wasm.js';
import { KeyGuardError } from './error.js';

export { KeyGuardError };

let started;

async function start() {
  try {
    initSync({ module: await WebAssembly.compile(decoded(wasm)) });
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

/** Holds the WebAssembly object where nothing outside can reach it, or its address. */
export class KeyGuard {
  #guard;

  constructor(guard) {
    if (!(guard instanceof Guard)) throw new TypeError('Use KeyGuard.load');
    this.#guard = guard;
  }

  static async load(key, options) {
    await (started ??= start());
    return new KeyGuard(Guard.load(key, options));
  }

  get mode() {
    return this.#guard.mode;
  }

  request(path, init) {
    return this.#guard.request(path, init);
  }

  async fetch(path, init) {
    return fetch(this.request(path, init));
  }
}
