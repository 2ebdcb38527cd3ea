import { KeyGuard, KeyGuardError } from 'keyguard';

/**
 * What became of one attempt to pay.
 *
 * @typedef {{kind: 'created', session: Record<string, unknown>}
 *   | {kind: 'stopped', error: KeyGuardError}
 *   | {kind: 'refused', status: number, title?: string, detail?: string, code?: string, requestId?: string}
 *   | {kind: 'unanswered', late: boolean}} Outcome
 */

/**
 * Opens a payment session with `key` through the edge. The guard comes first: a key that it refuses
 * never gets as far as a request.
 *
 * @returns {Promise<Outcome>}
 */
export async function openSession({ key, edge, order, attempt }) {
  try {
    const guard = await KeyGuard.load(key, { baseUrl: edge });
    const response = await guard.fetch('/collect/payment_sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': attempt },
      body: JSON.stringify(order),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return await readAnswer(response);
  } catch (error) {
    if (error instanceof KeyGuardError) return { kind: 'stopped', error };
    return { kind: 'unanswered', late: error?.name === 'TimeoutError' };
  }
}

/** Longer than this and a shopper has given up. */
const PATIENCE_MS = 30_000;

async function readAnswer(response) {
  const document = await readObject(response);
  if (response.status === 201 && isSession(document)) return { kind: 'created', session: document };
  // RFC 9457 §3.1: a member of another type than it should have is ignored.
  return {
    kind: 'refused',
    status: response.status,
    title: text(document.title),
    detail: text(document.detail),
    code: text(document.code),
    requestId: text(document.request_id) ?? text(response.headers.get('keyguard-request-id')),
  };
}

/** Whether it holds what a receipt can't do without. */
function isSession({ id, amount, currency }) {
  return text(id) !== undefined && Number.isSafeInteger(amount) && /^[A-Z]{3}$/.test(currency);
}

/** The body's object, or an empty one: a proxy's error page is no reason to fail. */
async function readObject(response) {
  const body = await response.text();
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

function text(value) {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
