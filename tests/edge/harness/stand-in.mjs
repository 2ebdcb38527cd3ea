// Stands before the Worker's own entry module in a test: it moves the clock that the Worker reads and breaks the bindings that it has, as
// the header `X-Stand-In` of a request says. `{"clock": ms, "store": how, "limiter": how, "refused": how, "usage": how}`, and each request says it anew; so many of
// the calls that report an exposure fail from then on as `"reports"` says, or so many hang where it is negative, and those that tell a use hang if `"uses"` says so. `"protocol"` is what the platform says the caller spoke,
// over TLS, and whoever looks at the binding that `"broken"` names has an error.

import entry, { Account as RealAccount } from './entry.mjs';

export * from './entry.mjs';

const realNow = Date.now;
let ahead = 0;
globalThis.Date = class extends Date {
  constructor(...parts) {
    super(...(parts.length === 0 ? [realNow() + ahead] : parts));
  }

  static now() {
    return realNow() + ahead;
  }
};

const HOW = {
  throws() {
    throw new Error('broken');
  },
  rejects: () => Promise.reject(new Error('broken')),
  hangs: () => new Promise(() => {}),
  'says yes': async () => ({ success: true }),
  'says no': async () => ({ success: false }),
  'says nothing': async () => undefined,
};

function onceFailing(store) {
  let hasFailed = false;
  return async (...question) => {
    if (hasFailed) return store.get(...question);
    hasFailed = true;
    throw new Error('broken');
  };
}

/** A limiter by address that counts for good, up to its limit. */
const counts = new Map();
async function count({ key }) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return { success: counts.get(key) <= 10 };
}

let failing = 0;
let usesHang = false;

/** The account's object; it is in the Worker's own isolate here. */
export class Account extends RealAccount {
  alarm() {
    console.log(JSON.stringify({ event: 'alarm' }));
    return super.alarm();
  }

  used(...use) {
    console.log(JSON.stringify({ event: 'used' }));
    return usesHang ? new Promise(() => {}) : super.used(...use);
  }

  expose(...report) {
    if (failing === 0) return super.expose(...report);
    const hangs = failing < 0;
    failing -= Math.sign(failing);
    if (hangs) return new Promise(() => {});
    throw new Error('broken');
  }
}

export default {
  fetch(request, env, ctx) {
    const { clock = 0, store, limiter = 'says yes', refused, usage, reports, uses, protocol, broken } = JSON.parse(request.headers.get('x-stand-in') ?? '{}');
    ahead = clock;
    if (reports !== undefined) failing = reports;
    if (uses !== undefined) usesHang = uses === 'hang';
    const bindings = {
      ...env,
      RATE_PLAYED: { limit: HOW[limiter] },
      RATE_REFUSED: { limit: refused ? HOW[refused] : count },
      USAGE: usage ? { writeDataPoint: HOW[usage] } : env.USAGE ?? { writeDataPoint() {} },
    };
    if (broken) Object.defineProperty(bindings, broken, { get: HOW.throws });
    if (store) bindings.KEYS = { get: store === 'fails once' ? onceFailing(env.KEYS) : HOW[store] };
    const asked = protocol === undefined ? request
      : new Request(request.url.replace('http:', 'https:'), new Request(request, { cf: { httpProtocol: protocol } }));
    return entry.fetch(asked, bindings, ctx);
  },
};
