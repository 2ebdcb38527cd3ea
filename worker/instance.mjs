// The wasm instance of this isolate, and what makes a new one.
import * as wasm from "./build/index.js";

const state = wasm.__worker_init_state();

export { wasm };

/** Whether an error came out of the wasm as a trap, which leaves its stack as it was. */
export const isTrap = (error) => state.criticalError || error instanceof WebAssembly.RuntimeError;

/** Makes a new instance: only that is sound after something was thrown through the old one. */
export function restart() {
  state.criticalError = false;
  wasm.__wbg_reset_state();
}

/** Calls into the wasm from where nobody else looks after what it throws. */
export function sound(call) {
  try {
    return call();
  } catch (error) {
    restart();
    throw error;
  }
}
