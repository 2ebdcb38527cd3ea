// The package's entry: one file, with the WebAssembly in it as text.
import { guardClass } from './guard.js';
import { decoded } from './text.js';
import wasm from './wasm.js';

export { KeyGuardError } from './error.js';
export { ProblemError } from './problem.js';

/** A publishable key, and the one place that it may be sent to. */
export const KeyGuard = /* @__PURE__ */ guardClass(() => {
  const bytes = decoded(wasm);
  try {
    // Sooner there than another thread would be asked.
    return new WebAssembly.Module(bytes);
  } catch {
    // Some engines do that at once for a few bytes only.
    return WebAssembly.compile(bytes);
  }
});
