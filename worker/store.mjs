// The store's reads, of which those for one key at one time are one.

/** Reads that are under way, by name: when each was begun, and what it settles with. */
const reads = new Map();

/**
 * Reads an entry: `answer` settles within `ms` with the text, with null for no entry, with false for a failure;
 * `askedAt` is when the store was asked.
 */
export function read(ctx, store, name, cacheTtl, ms) {
  const now = Date.now();
  let reading = reads.get(name);
  // A read whose request is gone with all that it waited for never settles: nobody waits for one that is overdue.
  if (!reading || now < reading.askedAt || now - reading.askedAt >= ms) {
    const ended = () => {
      if (reads.get(name) === reading) reads.delete(name);
    };
    reading = { askedAt: now };
    reads.set(name, reading);
    // It may have ended when this returns.
    reading.answer = within(ms, () => store.get(name, { type: "text", cacheTtl }), false, ended);
    // Others may wait for it when its own client has gone.
    ctx.waitUntil(reading.answer);
    return reading;
  }
  return { askedAt: reading.askedAt, answer: within(ms, () => reading.answer, false) };
}

/**
 * What the promise that `ask` gives settles with, or `failure` if it gives none, or if that fails or takes longer. `ended` is called when it
 * settles, and again for what comes later.
 */
export function within(ms, ask, failure, ended) {
  // One promise in place of a race of several: this is on the way of every key that nobody has seen lately.
  return new Promise((settle) => {
    const done = (value) => {
      clearTimeout(timer);
      ended?.();
      settle(value);
    };
    const failed = () => done(failure);
    const timer = setTimeout(failed, ms);
    try {
      ask().then(done, failed);
    } catch {
      failed();
    }
  });
}
