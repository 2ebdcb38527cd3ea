// A limit for what is waited for where a client isn't.

/** What a promise settles with, unless that takes longer than `ms`: then it fails. */
export async function inTime(ms, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error("no answer in time")), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
