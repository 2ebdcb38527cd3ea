// A shop's day: what is made of WebAssembly by importing the package, a payment, and two mistakes.

import './watch.js';
import { mistake, pay } from './checkout.js';

const { watch } = globalThis;
export const compiledAtImport = watch.compiled;

export async function trade(settings) {
  try {
    const refused = await mistake(settings);
    const paid = await pay(settings);
    return { compiledAtImport, hasCompiled: watch.compiled > 0, refused, paid, faults: watch.faults };
  } catch (error) {
    return { compiledAtImport, failed: error.code ?? String(error), faults: watch.faults };
  }
}
