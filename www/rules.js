// What the core's rules say of texts.
import { judge } from './keyguard_web_bg.js';

let encoder, page;

/** A text as UTF-8, and nothing for what is no primitive string. */
export const encode = (text) => (typeof text === 'string' ? (encoder ??= new TextEncoder()).encode(text) : undefined);

/** What the rules say of a text. */
export const ask = (question, text, number) => judge(question, brief(text), number);

/** As `encode`, but what is short is written where the one before it was: arrays cost more than the rules. */
function brief(text) {
  if (typeof text !== 'string' || text.length > 1_000) return encode(text);
  encoder ??= new TextEncoder();
  page ??= new Uint8Array(3_000);
  return page.subarray(0, encoder.encodeInto(text, page).written);
}
