// The entry `./scan`, for Node: finds secret keys in bytes and texts. It reads no files but its own WebAssembly.
import { readFileSync } from 'node:fs';
import { all_rules, initSync, Scanner as Core } from './keyguard_scan.js';

let started;

/** WebAssembly starts with the first use: importing this does no work. */
function scanner() {
  if (!started) {
    initSync({ module: new WebAssembly.Module(readFileSync(new URL('./scan.wasm', import.meta.url))) });
    started = new Core();
  }
  return started;
}

const LEVELS = ['possible', 'likely', 'certain'];

function threshold(options) {
  const confidence = options?.confidence ?? 'likely';
  const least = LEVELS.indexOf(confidence);
  if (least < 0) throw new TypeError(`confidence must be one of ${LEVELS.join(', ')}`);
  return least;
}

function bytesOf(input) {
  if (typeof input === 'string') return new TextEncoder().encode(input);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw new TypeError('a string, an ArrayBuffer or a view of one is scanned');
}

function parsed(json, least) {
  return json === '' ? [] : JSON.parse(json).filter(({ confidence }) => LEVELS.indexOf(confidence) >= least);
}

/** Every secret key in a file's content. */
export function scan(content, options) {
  const least = threshold(options);
  return parsed(scanner().scan(bytesOf(content)), least);
}

/** A file in pieces; what is found doesn't depend on where they are cut. */
export class Stream {
  #core;
  #least;

  constructor(options) {
    this.#least = threshold(options);
    this.#core = scanner().stream();
  }

  /** Takes the next piece; returns what was found so far and not yet returned. */
  push(piece) {
    if (!this.#core) throw new TypeError('the stream is finished');
    return parsed(this.#core.push(bytesOf(piece)), this.#least);
  }

  /** Ends the file; returns what is left. */
  finish() {
    if (!this.#core) throw new TypeError('the stream is finished');
    const core = this.#core;
    this.#core = undefined;
    return parsed(core.finish(), this.#least);
  }
}

/** Every kind of key that is looked for. */
export function rules() {
  scanner();
  return JSON.parse(all_rules());
}
