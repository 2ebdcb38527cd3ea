import { REFUSALS } from './refusals.js';
import { QUOTED, SHOWN } from './questions.js';
import { ask } from './rules.js';
import { quoted } from './values.js';

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

/** Throws what a verdict of the rules says, if it is a refusal. */
export function obey(verdict) {
  if (verdict) throw refusal(verdict);
}

/** Reads values of the page, or gives them to the runtime. What that throws is the cause of a refusal. */
export function attempt(action, number) {
  try {
    return action();
  } catch (cause) {
    throw refusal(number, harmless(cause));
  }
}

/**
 * What was thrown, if it is an error that shows no key and came of nothing else, which might: a refusal of its own, if it plainly
 * holds one.
 */
export function harmless(cause) {
  const text = quoted(cause);
  obey(ask(QUOTED, text));
  return cause instanceof Error && !(cause.cause || cause.errors || ask(SHOWN, text)) ? cause : undefined;
}

/** Does what the guard may refuse, and tells of a refusal. */
export function guarded(tell, event, action) {
  try {
    return action();
  } catch (error) {
    tell('refusal', { ...event, code: error.code, message: error.message });
    throw error;
  }
}
