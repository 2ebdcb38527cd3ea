/** What a developer asks of a key. */
export interface KeyGuardOptions {
  /**
   * Where requests may go: an `https` origin, with a path prefix if the API has one. Plain `http` is for
   * `localhost`, `127.0.0.1` and `[::1]`.
   */
  baseUrl: string | URL;
  /** Refuse a key of the other mode. */
  mode?: 'test' | 'live';
  /** Accept a key whose body is as long as an issued one and has another checksum. */
  acceptForeignKeys?: boolean;
}

/** A body that can be checked on the spot. For JSON use `JSON.stringify`. */
export type KeyGuardBody = string | URLSearchParams | FormData | ArrayBuffer | ArrayBufferView;

/** What goes along with a request: a `RequestInit` without the members that could take the key elsewhere. */
export interface KeyGuardInit {
  method?: string;
  /** No `Authorization`, and no key in any other header. */
  headers?: RequestInit['headers'];
  body?: KeyGuardBody | null;
  signal?: AbortSignal | null;
  cache?: RequestInit['cache'];
  integrity?: string;
  keepalive?: boolean;
  priority?: 'high' | 'low' | 'auto';
  credentials?: 'omit';
  redirect?: 'error';
  mode?: 'cors' | 'same-origin';
  referrer?: '' | 'about:client';
  referrerPolicy?: 'strict-origin' | 'origin' | 'no-referrer';
}

/** A publishable key, and the one place that it may be sent to. */
export class KeyGuard {
  private constructor();
  /** Takes a key if it is a publishable one. Rejects with a `KeyGuardError`. */
  static load(key: string, options: KeyGuardOptions): Promise<KeyGuard>;
  /** Whether money moves. */
  readonly mode: 'test' | 'live';
  /** Makes a request to a path, such as `/collect/payment_sessions`, below `baseUrl`. Throws a `KeyGuardError`. */
  request(path: string, init?: KeyGuardInit): Request;
  /** Makes the request and sends it. Rejects with a `KeyGuardError`, or with what `fetch` rejects with. */
  fetch(path: string, init?: KeyGuardInit): Promise<Response>;
}

/** Why keyguard refused. */
export type KeyGuardErrorCode =
  | 'secret-key'
  | 'not-a-string'
  | 'malformed-key'
  | 'checksum'
  | 'wrong-mode'
  | 'invalid-options'
  | 'invalid-path'
  | 'invalid-init'
  | 'unreadable-body'
  | 'unverified-request'
  | 'wasm-unavailable';

/** Thrown for everything that keyguard refuses. `code` is for programs, `message` for developers. */
export class KeyGuardError extends Error {
  private constructor();
  readonly name: 'KeyGuardError';
  readonly code: KeyGuardErrorCode;
  readonly cause?: unknown;
}
