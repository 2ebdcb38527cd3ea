// The store's reads, of which those for one key at one time are one.

/** Reads that are under way, by name: when each was begun, and what it ended with, if it did. */
const reads = new Map();

/**
 * Reads an entry: `answer` settles within `ms` with the text, with null for no entry, with false for a failure;
 * `askedAt` is when the store was asked.
 */
export function read(ctx, store, name, cacheTtl, ms) {
  const now = Date.now();
  const reading = reads.get(name);
  // A read whose request is gone with all that it waited for never ends: nobody waits for one that is overdue.
  if (reading && now >= reading.askedAt && now - reading.askedAt < ms) {
    return { askedAt: reading.askedAt, answer: shared(reading, ms) };
  }
  const begun = { askedAt: now, value: undefined };
  const ended = (value) => {
    if (begun.value === undefined) begun.value = value;
    if (reads.get(name) === begun) reads.delete(name);
  };
  reads.set(name, begun);
  const answer = within(ms, () => store.get(name, { type: "text", cacheTtl }), false, ended);
  // Others may wait for it when its own client has gone.
  ctx.waitUntil(answer);
  return { askedAt: now, answer };
}

/**
 * What another request's read ends with, or false if that takes longer than `ms`.
 *
 * It is looked at again and again, by timers of the request that waits. To wait for a promise that the other one settles works only until the runtime
 * has optimised what makes the promise, after some ten thousand of them: from then on what waits goes on as the other request, which may touch neither the body of
 * this one nor its response.
 */
export async function shared(reading, ms) {
  for (let waited = 0; reading.value === undefined && waited < ms; ) {
    // Half as long as so far: a read that takes long is not looked at more often than a quick one.
    const pause = Math.min(Math.max(1, Math.floor(waited / 2)), ms - waited);
    await new Promise((go) => setTimeout(go, pause));
    waited += pause;
  }
  return reading.value === undefined ? false : reading.value;
}

/**
 * What the promise that `ask` gives settles with, or `failure` if it gives none, or if that fails or takes longer. `ended` is called with that when it
 * settles, and again with what comes later.
 */
export function within(ms, ask, failure, ended) {
  // One promise in place of a race of several: this is on the way of every key that nobody has seen lately.
  return new Promise((settle) => {
    const done = (value) => {
      clearTimeout(timer);
      ended?.(value);
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
