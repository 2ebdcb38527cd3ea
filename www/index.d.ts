/** What a developer asks of a key. */
export interface KeyGuardOptions {
  /**
   * Where requests may go: an `https` origin, with a path prefix if the API has one. Plain `http` is for
   * `localhost`, `127.0.0.1` and `[::1]`.
   */
  baseUrl: string | URL;
  /** Refuse a key of the other mode. */
  mode?: 'test' | 'live' | undefined;
  /** Accept a key whose body is as long as an issued one and has another checksum. */
  acceptForeignKeys?: boolean | undefined;
  /**
   * What to do with a live key on a developer's machine (`localhost`, a loopback address) and a test key on a public
   * host: say so on the console (`warn`, the default), load nothing (`refuse`), or nothing (`ignore`).
   */
  environment?: 'warn' | 'refuse' | 'ignore' | undefined;
  /** How often a failed request is sent again: 0 to 10, 2 if nothing is said. See {@link KeyGuard.fetch}. */
  retries?: number | undefined;
  /** Milliseconds that each try may take: 30,000 if nothing is said, 0 for ever. */
  timeout?: number | undefined;
  /** Is told what the guard does. What it throws goes to the console and changes nothing. */
  onEvent?: ((event: KeyGuardEvent) => void) | undefined;
}

/** A body that can be checked on the spot. */
export type KeyGuardBody = string | URLSearchParams | FormData | ArrayBuffer | ArrayBufferView;

/** What goes along with a request: a `RequestInit` without the members that could take the key elsewhere. */
export interface KeyGuardInit {
  method?: string | undefined;
  /** No `Authorization`, and no key in any other header. */
  headers?: RequestInit['headers'];
  /** For files see {@link KeyGuardCall}. */
  body?: KeyGuardBody | null | undefined;
  /** A body as JSON, with its `Content-Type` unless the headers have one. In place of `body`. */
  json?: unknown;
  /**
   * The name of what is asked for, so that an API does it once however often it is asked
   * (draft-ietf-httpapi-idempotency-key-header). A POST or PATCH without one gets a UUID; `null` sends none.
   */
  idempotencyKey?: string | null | undefined;
  signal?: AbortSignal | null | undefined;
  cache?: RequestInit['cache'];
  integrity?: string | undefined;
  keepalive?: boolean | undefined;
  priority?: 'high' | 'low' | 'auto' | undefined;
  credentials?: 'omit' | undefined;
  redirect?: 'error' | undefined;
  mode?: 'cors' | 'same-origin' | undefined;
  referrer?: '' | 'about:client' | undefined;
  referrerPolicy?: 'strict-origin' | 'origin' | 'no-referrer' | undefined;
}

/** What goes along with a call, which can wait: files are read and checked, and a failed try is repeated. */
export interface KeyGuardCall extends Omit<KeyGuardInit, 'body'> {
  /** A stream needs `allowStream`. */
  body?: KeyGuardBody | Blob | ReadableStream<Uint8Array> | null | undefined;
  /** Send a stream, which nobody can look into and which can be sent once only. */
  allowStream?: boolean | undefined;
  /** In place of the option of this name. */
  retries?: number | undefined;
  /** In place of the option of this name. */
  timeout?: number | undefined;
}

/** What the guard did. Nothing in it shows a key. */
export interface KeyGuardEvent {
  /**
   * - `request`: a try is sent.
   * - `response`: it was answered, with `status` and `requestId`.
   * - `failure`: it was not; `code` is `timeout` or `redirect-refused` where the guard ended it.
   * - `retry`: it is sent again after `delay` milliseconds.
   * - `refusal`: nothing was sent; `code` and `message` are the {@link KeyGuardError}'s.
   * - `warning`: the key is out of place here; `message` says why.
   */
  readonly type: 'request' | 'response' | 'failure' | 'retry' | 'refusal' | 'warning';
  /** The key's. */
  readonly mode: 'test' | 'live';
  readonly method?: string;
  /** Without the query. */
  readonly path?: string;
  readonly idempotencyKey?: string;
  /** Counted from 1. */
  readonly attempt?: number;
  /** Of the answer; 0 for a retry after none. */
  readonly status?: number;
  readonly requestId?: string;
  readonly delay?: number;
  readonly code?: string;
  readonly message?: string;
}

/** A publishable key, and the one place that it may be sent to. */
export class KeyGuard {
  private constructor();
  /** Takes a key if it is a publishable one. Rejects with a {@link KeyGuardError}. */
  static load(key: string, options: KeyGuardOptions): Promise<KeyGuard>;
  /** Whether money moves. */
  readonly mode: 'test' | 'live';
  /**
   * Makes a request to a path, such as `/collect/payment_sessions`, below `baseUrl`, and doesn't send it. Throws a
   * {@link KeyGuardError}. To send it is yours, and so are time-outs and retries.
   */
  request(path: string, init?: KeyGuardInit): Request;
  /**
   * Makes the request and sends it. Like `fetch` it resolves with an answer of any status.
   *
   * It is sent again after a 429; and after a 503, a time-out or a lost connection if the API can tell that
   * it is the same: by its method (GET, HEAD, PUT, DELETE, OPTIONS) or its `Idempotency-Key`. The waits are random, up to 0.5,
   * 1, 2, 4 and then 8 seconds, after what `Retry-After` asks for; if that is more than a minute, the answer is handed on.
   *
   * Rejects with a {@link KeyGuardError}, with the `signal`'s reason, or with what `fetch` rejects with.
   */
  fetch(path: string, init?: KeyGuardCall): Promise<Response>;
  /**
   * The same, and resolves with the parsed JSON of a successful answer; `undefined` if it is empty. Rejects with a
   * {@link ProblemError} for any other answer. Reading the body counts for the time-out.
   */
  json(path: string, init?: KeyGuardCall): Promise<unknown>;
}

/** Why keyguard refused. */
export type KeyGuardErrorCode =
  | 'secret-key'
  | 'not-a-string'
  | 'malformed-key'
  | 'checksum'
  | 'wrong-mode'
  | 'wrong-environment'
  | 'invalid-options'
  | 'invalid-path'
  | 'invalid-init'
  | 'unreadable-body'
  | 'unverified-request'
  | 'redirect-refused'
  | 'timeout'
  | 'wasm-unavailable';

/** Thrown for everything that keyguard refuses. `code` is for programs, `message` for developers. */
export class KeyGuardError extends Error {
  private constructor();
  readonly name: 'KeyGuardError';
  readonly code: KeyGuardErrorCode;
  readonly cause?: unknown;
}

/**
 * An answer that is no success, with what it says of itself: as a problem document (RFC 9457), or as far as another body can be
 * read. What would show a key is left out.
 */
export class ProblemError extends Error {
  private constructor();
  readonly name: 'ProblemError';
  /** The HTTP status. */
  readonly status: number;
  /** A URI; `about:blank` where there is none. */
  readonly type: string;
  readonly title: string | undefined;
  /** A word for programs, such as `rate-limited`. */
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly instance: string | undefined;
  /** What to quote to the API's support. */
  readonly requestId: string | undefined;
  /** Seconds from the answer on. */
  readonly retryAfter: number | undefined;
  /** The answer; its body was read. */
  readonly response: Response;
}
