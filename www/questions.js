// What the core's rules are asked, by number: src/browser.rs has the table.
export const SECRET = 0;
export const KEY = 1;
export const IS_TEST = 2;
export const PLACE = 3;
export const BASE_URL = 4;
export const PATH = 5;
export const SENT = 6;
export const BODY = 7;
export const REQUEST = 8;
export const QUOTED = 9;
export const SHOWN = 10;
export const METHOD = 11;
