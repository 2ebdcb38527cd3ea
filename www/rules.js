// What the core's rules say of texts.
import { judge } from './keyguard_web_bg.js';

/** A text as UTF-8, and nothing for what is no primitive string. */
export const encode = (text) => (typeof text === 'string' ? new TextEncoder().encode(text) : undefined);

/** What the rules say of a text. */
export const ask = (question, text, number) => judge(question, encode(text), number);
