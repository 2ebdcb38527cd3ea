// What is said of the keys that were found: each once, with all the places where it is, and never its text.

export class Report {
  #isFatal;
  #keys = new Map();

  /** `isFatal` tells the findings that end a build. */
  constructor(isFatal) {
    this.#isFatal = isFatal;
  }

  /** Takes findings; `place` puts into words where each is. */
  add(findings, place) {
    for (const finding of findings) {
      const { fingerprint } = finding;
      if (!this.#keys.has(fingerprint)) this.#keys.set(fingerprint, { finding, places: new Set() });
      this.#keys.get(fingerprint).places.add(place(finding));
    }
  }

  /** Ends the build, by the bundler's `context`, with what is fatal, once it has warned of what isn't. */
  conclude(context) {
    const keys = [...this.#keys.values()];
    const [fatal, lesser] = [true, false].map((isFatal) => keys.filter(({ finding }) => this.#isFatal(finding) === isFatal));
    if (lesser.length > 0) context.warn(words(lesser));
    // A position would have the bundler show the source around it, key and all.
    if (fatal.length > 0) context.error(words(fatal));
  }
}

function words(keys) {
  const shown = keys.map(({ finding: { name, redacted, confidence, advice, fingerprint }, places }) =>
    [
      `${name} ${redacted} (${confidence})`,
      ...[...places].map((place) => `  ${place}`),
      `  ${advice}`,
      `  If it is no key, allow it: keyguard({ allow: ['${fingerprint}'] })`,
    ].join('\n'));
  const what = keys.length === 1 ? 'a secret key' : `${keys.length} secret keys`;
  return `${what} would be public with this page\n\n${shown.join('\n\n')}\n`;
}
