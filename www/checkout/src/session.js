import { KeyGuard, KeyGuardError, ProblemError } from 'keyguard';

/**
 * What became of one attempt to pay.
 *
 * @typedef {{kind: 'created', session: Record<string, unknown>}
 *   | {kind: 'stopped', error: KeyGuardError}
 *   | {kind: 'refused', status?: number, title?: string, detail?: string, code?: string, requestId?: string}
 *   | {kind: 'unanswered', late: boolean}} Outcome
 */

/**
 * Loads the guard with a key. What it refuses is an event too: `onEvent` is asked for along with the key, so the guard
 * itself can't tell of it.
 *
 * @param {object} shop
 * @param {string} shop.edge
 * @param {string} shop.key
 * @param {(event: import('keyguard').KeyGuardEvent) => void} [shop.onEvent]
 */
export async function loadGuard({ edge, key, onEvent }) {
  try {
    // A shopper has given up sooner than an API's own patience ends.
    return await KeyGuard.load(key, { baseUrl: edge, timeout: PATIENCE_MS, onEvent });
  } catch (error) {
    if (error instanceof KeyGuardError) onEvent?.({ type: 'refusal', code: error.code, message: error.message });
    throw error;
  }
}

/**
 * Opens a payment session with `key` through the edge. The guard comes first: a key that it refuses
 * never gets as far as a request.
 *
 * @returns {Promise<Outcome>}
 */
export async function openSession({ order, attempt, ...shop }) {
  try {
    const guard = await loadGuard(shop);
    const session = await guard.json('/collect/payment_sessions', { method: 'POST', json: order, idempotencyKey: attempt });
    return isSession(session) ? { kind: 'created', session } : { kind: 'refused' };
  } catch (error) {
    if (error instanceof ProblemError) {
      const { status, title, detail, code, requestId } = error;
      return { kind: 'refused', status, title, detail, code, requestId };
    }
    const isLate = error?.code === 'timeout';
    if (error instanceof KeyGuardError && !isLate) return { kind: 'stopped', error };
    return { kind: 'unanswered', late: isLate };
  }
}

const PATIENCE_MS = 10_000;

/** Whether it holds what a receipt can't do without. */
function isSession(session) {
  const { id, amount, currency } = Object(session);
  return typeof id === 'string' && Number.isSafeInteger(amount) && /^[A-Z]{3}$/.test(currency);
}
