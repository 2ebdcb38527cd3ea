// The wasm of this isolate: an instance of each module, and what makes a new one.

/** One wasm module as wasm-bindgen built it, with its recovery. */
export class Instance {
  constructor(wasm) {
    this.wasm = wasm;
  }

  /** Whether an error came out of the wasm as a trap, which leaves its stack as it was. */
  isTrap(error) {
    return error instanceof WebAssembly.RuntimeError;
  }

  /** Makes a new instance: only that is sound after something was thrown through the old one. */
  restart() {
    this.wasm.__wbg_reset_state();
  }

  /** Calls into the wasm from where nobody else looks after what it throws. */
  sound(call) {
    try {
      return call();
    } catch (error) {
      this.restart();
      throw error;
    }
  }
}
