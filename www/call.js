// One call: tries, waits and an answer. Whether to try again, and after how long a wait, the core says.
import { guarded, harmless, KeyGuardError } from './error.js';
import { wait } from './keyguard_web_bg.js';
import { requestId, retryAfter, shown } from './problem.js';

/** The answer to a call, and its text if that is asked for: reading it belongs to the try then. */
export async function answer(tell, copy, make, isRead) {
  const call = guarded(tell, {}, copy);
  const { headers, method, path, retries, signal, timeout } = call;
  const name = shown(headers.get('idempotency-key'));
  // Without the query, where customers' data is.
  let event = { method: shown(method), path: shown(path.split('?')[0]) };
  await readOut(call, tell, event);
  for (let earlier = 0; ; earlier += 1) {
    const control = (call.control = new AbortController());
    const request = guarded(tell, event, () => make(call));
    event = { ...event, idempotencyKey: name, attempt: earlier + 1 };
    tell('request', event);
    const late = new KeyGuardError('timeout', `No answer within ${timeout} ms`);
    const timer = timeout && setTimeout(() => control.abort(late), timeout);
    // A caller may abort with any reason, so what was thrown doesn't say whether something was.
    let hasFailed, response, text, failure;
    try {
      response = await fetch(request);
      if (isRead) text = await response.text();
      // Node shows what a browser hides.
      if (response.type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(response.status)) {
        response.body?.cancel().catch(() => {});
        throw new KeyGuardError('redirect-refused', 'The API answered with a redirect: check baseUrl');
      }
    } catch (error) {
      hasFailed = true;
      // What a body that is cut off rejects with differs from browser to browser.
      failure = control.signal.reason === late ? late : error;
    }
    clearTimeout(timer);
    // What is still to come of an answer can be aborted.
    if (hasFailed || isRead) call.release?.();
    const status = hasFailed ? 0 : response.status;
    if (hasFailed) tell('failure', { ...event, code: failure instanceof KeyGuardError ? failure.code : undefined });
    else tell('response', { ...event, status, requestId: requestId(response) });
    // A connection that was lost is a TypeError.
    const isFinal = hasFailed && (signal?.aborted || !(failure === late || failure instanceof TypeError));
    const delay = isFinal
      ? -1
      : wait(status, earlier, call.isRepeatable, retries, hasFailed ? NaN : retryAfter(response), Math.random());
    if (delay < 0) {
      if (hasFailed) throw failure;
      return { response, text };
    }
    tell('retry', { ...event, status, delay });
    if (!isRead) response?.body?.cancel().catch(() => {});
    call.release?.();
    await sleep(delay, signal);
  }
}

/** Files are read out, so that they can be checked, and sent again: into the bytes that a request would have of them. */
async function readOut(call, tell, event) {
  if (!(call.body instanceof Blob || call.body instanceof FormData)) return;
  try {
    const copy = new Response(call.body);
    call.body = new Uint8Array(await copy.arrayBuffer());
    const type = copy.headers.get('content-type');
    if (type && !call.headers.has('content-type')) call.headers.set('content-type', type);
  } catch (cause) {
    guarded(tell, event, () => {
      throw new KeyGuardError('unreadable-body', 'A file of the body cannot be read', harmless(cause));
    });
  }
}

/** Waits, until the caller has enough. */
const sleep = (delay, signal) =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delay);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
  });

/** A call as a `RequestInit`: of its own, if it may be sent again. */
export function outgoing(call) {
  const { signal, control } = call;
  if (!control) return call;
  // Not followed either, and it can be told from a connection that was lost.
  const init = { __proto__: null, ...call, redirect: 'manual', signal: control.signal };
  if (signal != null && AbortSignal.any) {
    init.signal = AbortSignal.any([signal, control.signal]);
  } else if (signal != null) {
    // Browsers of 2023.
    const abort = () => control.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    call.release = () => signal.removeEventListener('abort', abort);
  }
  return init;
}
