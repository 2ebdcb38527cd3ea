// The package's entry with the WebAssembly in a file beside it, which is compiled while it comes in.
import { guardClass } from './guard.js';
import integrity from './integrity.js';

export { KeyGuardError } from './error.js';
export { ProblemError } from './problem.js';

/** A publishable key, and the one place that it may be sent to. */
export const KeyGuard = /* @__PURE__ */ guardClass(async () => {
  const url = new URL('./keyguard.wasm', import.meta.url);
  // Node's fetch reads no files.
  const file = url.protocol === 'file:' && globalThis.process?.getBuiltinModule?.('node:fs');
  if (file) return WebAssembly.compile(file.readFileSync(url));
  const response = await fetch(url, { integrity, credentials: 'same-origin' });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  // A server that doesn't know the type of `.wasm` is no reason to fail.
  const copy = response.clone();
  return WebAssembly.compileStreaming(response).catch(async () => WebAssembly.compile(await copy.arrayBuffer()));
});
