import { REFUSALS } from './refusals.js';

/** Why keyguard refused. `code` is for programs, `message` for developers. */
export class KeyGuardError extends Error {
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    Object.defineProperty(this, 'code', { value: code, enumerable: true });
  }
  get name() {
    return 'KeyGuardError';
  }
}

/** The error for a refusal's number. */
export function refusal(number, cause) {
  const [code, ...messages] = REFUSALS[number >> 4];
  return new KeyGuardError(code, messages[number & 15], cause);
}
