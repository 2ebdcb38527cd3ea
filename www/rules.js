// The core's rules. What they are asked, by number: src/browser.rs has the table.
import { judge } from './keyguard_web_bg.js';

export const SECRET = 0;
export const KEY = 1;
export const IS_TEST = 2;
export const PLACE = 3;
export const BASE_URL = 4;
export const PATH = 5;
export const PINNED = 6;
export const HEADERS = 7;
export const BODY = 8;
export const REQUEST = 9;
export const QUOTED = 10;
export const METHOD = 11;

/** A text as UTF-8, and nothing for what is no primitive string. */
export const encode = (text) => (typeof text === 'string' ? new TextEncoder().encode(text) : undefined);

/** What the rules say of a text. */
export const ask = (question, text, number) => judge(question, encode(text), number);
