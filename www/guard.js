// The class of the package. Importing it does no work: WebAssembly starts with the first `KeyGuard.load`.
import { answer, outgoing } from './call.js';
import { attempt, guarded, KeyGuardError, obey, refusal } from './error.js';
import {
  __wbg_set_wasm, checkInit, checkKey, checkOptions, checkPath, checkPlace, checkRequest, isTest, wantsIdempotencyKey,
} from './keyguard_web_bg.js';
import { ProblemError } from './problem.js';
import { REJECTED_INIT, UNREADABLE_OPTIONS } from './refusals.js';
import { body, encode, name, number, options as read, pinned, sent, snapshot } from './values.js';

/** The class, for one way to get at the compiled WebAssembly. */
export function guardClass(compile) {
  let started, warned;

  /** What `load` alone has. */
  const PROOF = {};

  async function start() {
    try {
      __wbg_set_wasm((await WebAssembly.instantiate(await compile())).exports);
    } catch (cause) {
      throw new KeyGuardError(
        'wasm-unavailable',
        "WebAssembly can't start, so no key was loaded. A Content-Security-Policy needs 'wasm-unsafe-eval' in script-src.",
        cause,
      );
    }
  }

  /** A publishable key, and the one place that it may be sent to; neither can be seen or changed from outside. */
  return class KeyGuard {
    #authorization;
    #base;
    #mode;
    #settings;

    constructor(proof, key, base, settings) {
      if (proof !== PROOF) throw new TypeError('Use KeyGuard.load');
      this.#authorization = 'Bearer ' + key;
      this.#base = base;
      this.#mode = isTest(encode(key)) ? 'test' : 'live';
      this.#settings = settings;
    }

    static async load(key, options) {
      await (started ??= start());
      const bytes = encode(key);
      obey(checkKey(bytes));
      const settings = attempt(() => read(options), UNREADABLE_OPTIONS);
      const { href, environment, words, onEvent, retries, timeout } = settings;
      obey(checkOptions(bytes, encode(href), encode([...words, environment, typeof onEvent].join('\n')), retries, timeout));
      const guard = new KeyGuard(PROOF, key, href.replace(/\/$/, ''), settings);
      const verdict = checkPlace(bytes, encode(globalThis.location?.hostname ?? ''));
      if (verdict && environment !== 'stringignore') {
        const { message } = refusal(verdict);
        if (environment === 'stringrefuse') obey(verdict);
        if (!warned) console.warn(message);
        warned = true;
        guard.#tell('warning', { message });
      }
      return guard;
    }

    get mode() {
      return this.#mode;
    }

    request(path, init) {
      return guarded(this.#tell, {}, () => this.#make(this.#call(path, init)));
    }

    async fetch(path, init) {
      return (await this.#answer(path, init)).response;
    }

    async json(path, init) {
      const { response, text } = await this.#answer(path, init, true);
      if (response.ok) {
        try {
          return text ? JSON.parse(text) : undefined;
        } catch {}
      }
      throw new ProblemError(response, text);
    }

    #answer(path, init, isRead) {
      return answer(this.#tell, () => this.#call(path, init), (call) => this.#make(call), isRead);
    }

    /** What a call asks for, copied: nothing of the caller's is read after this. */
    #call(path, init) {
      obey(checkPath(encode(path)));
      const call = attempt(() => snapshot(init), REJECTED_INIT);
      call.path = path;
      call.retries = number(call.retries, this.#settings.retries);
      call.timeout = number(call.timeout, this.#settings.timeout);
      if (call.idempotencyKey !== null && !call.headers.has(NAME) && wantsIdempotencyKey(encode(call.method))) {
        call.headers.set(NAME, name());
      }
      return call;
    }

    /** Checks a call, and makes a request of it that carries the key. For each try anew. */
    #make(call) {
      const [authorization, base] = [this.#authorization, this.#base];
      obey(checkInit(encode(pinned(call)), encode(sent(call)), body(call), call.retries, call.timeout));
      const { init, request } = attempt(() => {
        const init = outgoing(call);
        init.headers.set('authorization', authorization);
        return { init, request: new Request(base + call.path, init) };
      }, REJECTED_INIT);
      // The browser has parsed all of it in its own way by now, and dropped what it doesn't allow.
      const told = (...lines) => encode(lines.join('\n'));
      obey(
        checkRequest(
          told(pinned(init), authorization, base),
          told(pinned(request), request.headers.get('authorization'), request.url),
        ),
      );
      return request;
    }

    #tell = (type, event) => {
      try {
        this.#settings.onEvent?.({ type, mode: this.#mode, ...event });
      } catch (error) {
        // A listener's fault is no reason not to pay.
        console.error(error);
      }
    };
  };
}

const NAME = 'idempotency-key';
