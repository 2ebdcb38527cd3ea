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
    const answer = within(ms, (async () => store.get(name, { type: "text", cacheTtl }))(), false);
    reading = { askedAt: now, answer };
    reads.set(name, reading);
    const done = () => {
      if (reads.get(name) === reading) reads.delete(name);
    };
    // Others may wait for it when its own client has gone.
    ctx.waitUntil(answer.then(done));
    return reading;
  }
  return { askedAt: reading.askedAt, answer: within(ms, reading.answer, false) };
}

/** What a promise settles with, or `failure` if it fails or takes longer. */
export function within(ms, promise, failure) {
  let timer;
  const late = new Promise((settle) => { timer = setTimeout(settle, ms, failure); });
  return Promise.race([promise.catch(() => failure), late]).finally(() => clearTimeout(timer));
}
