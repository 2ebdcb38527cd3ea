// The class of the package. Importing it does no work: WebAssembly starts with the first `KeyGuard.load`.
import { answer, outgoing } from './call.js';
import { attempt, guarded, KeyGuardError, obey, refusal } from './error.js';
import { __wbg_set_wasm, areSettings, checkOptions, judge } from './keyguard_web_bg.js';
import { ProblemError } from './problem.js';
import { BASE_URL, BODY, IS_TEST, KEY, METHOD, PATH, PLACE, REQUEST, SECRET, SENT } from './questions.js';
import { INIT_NUMBER, OPTION_NUMBER, REJECTED_INIT, UNREADABLE_OPTIONS } from './refusals.js';
import { ask } from './rules.js';
import { body, name, number, options as read, pinned, sent, snapshot } from './values.js';

/** The class, for one way to get at the compiled WebAssembly. */
export function guardClass(compile) {
  let started, warned;

  /** What `load` alone has. */
  const PROOF = {};

  async function start() {
    try {
      __wbg_set_wasm((await WebAssembly.instantiate(await compile())).exports);
    } catch (cause) {
      // A download that failed may come the next time.
      started = undefined;
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
    #isTest;
    #settings;

    constructor(proof, key, settings) {
      if (proof !== PROOF) throw new TypeError('Use KeyGuard.load');
      this.#authorization = 'Bearer ' + key;
      this.#isTest = ask(IS_TEST, key);
      this.#settings = settings;
    }

    static async load(key, options) {
      await (started ??= start());
      obey(ask(SECRET, key));
      const settings = attempt(() => read(options), UNREADABLE_OPTIONS);
      const { base, mode, foreign, environment, listener, retries, timeout } = settings;
      obey(ask(BASE_URL, base));
      obey(checkOptions(mode, foreign, environment, listener));
      if (!areSettings(retries, timeout)) obey(OPTION_NUMBER);
      obey(ask(KEY, key, mode | (foreign === 1 && 4)));
      const guard = new KeyGuard(PROOF, key, { ...settings, base: base.replace(/\/$/, '') });
      const verdict = environment < 3 && ask(PLACE, globalThis.location?.hostname, guard.#isTest);
      if (verdict) {
        const { message } = refusal(verdict);
        if (environment === 2) obey(verdict);
        if (!warned) console.warn(message);
        warned = true;
        guard.#tell('warning', { message });
      }
      return guard;
    }

    get mode() {
      return this.#isTest ? 'test' : 'live';
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
      obey(ask(PATH, path));
      const call = attempt(() => snapshot(init), REJECTED_INIT);
      const { headers, method } = call;
      const { retries, timeout } = this.#settings;
      call.path = path;
      call.retries = number(call.retries, retries);
      call.timeout = number(call.timeout, timeout);
      const kind = ask(METHOD, method);
      if (kind === 2 && call.idempotencyKey !== null && !headers.has(NAME)) headers.set(NAME, name());
      call.isRepeatable = kind === 1 || headers.has(NAME);
      return call;
    }

    /** Checks a call, and makes a request of it that carries the key. For each try anew. */
    #make(call) {
      const authorization = this.#authorization;
      const { base } = this.#settings;
      if (!areSettings(call.retries, call.timeout)) obey(INIT_NUMBER);
      const { headers } = call;
      const lines = sent(call);
      obey(ask(SENT, lines.join('\n'), lines.length));
      if (call.body !== null) obey(judge(BODY, body(call)));
      const { init, request } = attempt(() => {
        const init = outgoing(call);
        headers.set('authorization', authorization);
        try {
          return { init, request: new Request(base + call.path, init) };
        } finally {
          // The call may be made again, with what the caller gave.
          headers.delete('authorization');
        }
      }, REJECTED_INIT);
      // The browser has parsed all of it in its own way by now, and dropped what it doesn't allow.
      const told = (...lines) => lines.join('\n');
      const asked = told(pinned(init), authorization, base);
      // All of it is ASCII, so its length is that of its bytes.
      obey(ask(REQUEST, asked + told(pinned(request), request.headers.get('authorization'), request.url), asked.length));
      return request;
    }

    #tell = (type, event) => {
      // Called without the settings as its `this`: they are nobody's to change.
      const { onEvent } = this.#settings;
      try {
        Promise.resolve(onEvent?.({ type, mode: this.mode, ...event })).catch(console.error);
      } catch (error) {
        // A listener's fault is no reason not to pay.
        console.error(error);
      }
    };
  };
}

const NAME = 'idempotency-key';
