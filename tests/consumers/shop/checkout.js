// What a customer writes.

import { KeyGuard, KeyGuardError } from 'keyguard';

/** Pays with a publishable key. */
export async function pay({ key, baseUrl }) {
  const guard = await KeyGuard.load(key, { baseUrl });
  const response = await guard.fetch('/collect/payment_sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount: 4200, currency: 'EUR' }),
  });
  return { mode: guard.mode, status: response.status, session: (await response.json()).id };
}

/** Takes the secret key by mistake: once to load it, once in what is sent. */
export async function mistake({ key, secret, baseUrl }) {
  const loaded = await KeyGuard.load(secret, { baseUrl }).catch((error) => error);
  const guard = await KeyGuard.load(key, { baseUrl });
  const sent = await guard.fetch('/notes', { method: 'POST', body: `paid with ${secret}` }).catch((error) => error);
  return [loaded, sent].map((error) => (error instanceof KeyGuardError ? error.code : String(error)));
}
