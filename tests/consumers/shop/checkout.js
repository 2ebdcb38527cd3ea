// What a customer writes.

import { KeyGuard, KeyGuardError, ProblemError } from 'keyguard';

/** Pays with a publishable key, and then with a card that is declined. */
export async function pay({ key, baseUrl }) {
  const guard = await KeyGuard.load(key, { baseUrl });
  const json = { amount: 4200, currency: 'EUR' };
  const session = await guard.json('/collect/payment_sessions', { method: 'POST', json });
  const declined = await guard.json('/collect/declined', { method: 'POST', json }).catch((error) => error);
  const { status, code } = declined;
  return { mode: guard.mode, session: session.id, declined: declined instanceof ProblemError && { status, code } };
}

/** Takes the secret key by mistake: once to load it, once in what is sent. */
export async function mistake({ key, secret, baseUrl }) {
  const loaded = await KeyGuard.load(secret, { baseUrl }).catch((error) => error);
  const guard = await KeyGuard.load(key, { baseUrl });
  const sent = await guard.fetch('/notes', { method: 'POST', body: `paid with ${secret}` }).catch((error) => error);
  return [loaded, sent].map((error) => (error instanceof KeyGuardError ? error.code : String(error)));
}
