import { SHOWN } from './questions.js';
import { ask } from './rules.js';

/** A text of somebody else's, unless it shows a key: servers quote what they were sent. */
export const shown = (text) => (typeof text === 'string' && text && !ask(SHOWN, text) ? text : undefined);

/** An answer that is no success, as RFC 9457 has it or as far as it can be read. */
export class ProblemError extends Error {
  #response;

  constructor(response, text) {
    let document = {};
    try {
      document = Object(JSON.parse(text));
    } catch {}
    const { status } = response;
    const title = shown(document.title);
    const detail = shown(document.detail);
    super(detail ?? title ?? 'The API answered ' + status);
    this.#response = response;
    this.status = status;
    this.type = shown(document.type) ?? 'about:blank';
    this.title = title;
    this.detail = detail;
    this.instance = shown(document.instance);
    this.code = shown(document.code);
    this.requestId = shown(document.request_id) ?? requestId(response);
    const seconds = retryAfter(response);
    this.retryAfter = seconds >= 0 ? seconds : undefined;
  }

  get name() {
    return 'ProblemError';
  }

  get response() {
    return this.#response;
  }
}

export const requestId = ({ headers }) => shown(headers.get('keyguard-request-id'));

/** `Retry-After` (RFC 9110 §10.2.3) in seconds from now, or not a number. */
export function retryAfter({ headers }) {
  const value = headers.get('retry-after');
  // Every date has a letter in it; of a number that is none, such as 1.5, some parsers make a year.
  return /^\d+$/.test(value) ? Math.min(value, 1e9) : /[a-z]/i.test(value) ? (Date.parse(value) - Date.now()) / 1000 : NaN;
}
