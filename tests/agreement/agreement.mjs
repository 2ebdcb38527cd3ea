// Compares two builds of the core by the digests of what they say of ranges of requests.

/**
 * The first request in [from, to) of which two builds say different things, found by halving; `undefined` if there is none.
 * Each build is a function from a range to its digest.
 */
export async function firstDifference(builds, from, to) {
  if (from >= to || (await agree(builds, from, to))) return undefined;
  while (to - from > 1) {
    const middle = from + Math.floor((to - from) / 2);
    if (await agree(builds, from, middle)) from = middle;
    else to = middle;
  }
  return from;
}

async function agree(builds, from, to) {
  const [first, ...others] = await Promise.all(builds.map((digest) => digest(from, to)));
  return others.every((other) => other === first);
}
