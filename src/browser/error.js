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

/** The message of what was thrown. */
export function quoted(cause) {
  try {
    const { message } = cause;
    return typeof message === 'string' ? message : undefined;
  } catch {}
}
