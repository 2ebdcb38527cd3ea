// The payment API of one endpoint. As payment APIs do, it does what one `Idempotency-Key` asks for once, and has orders that
// make it busy, so that a page can be seen to try again.

import { createHash, randomUUID } from 'node:crypto';

const PROBLEM = 'application/problem+json';
const JSON_LIMIT = 64 * 1024;
/** Names of requests that are remembered: more than anybody makes by hand. */
const NAMES_LIMIT = 10_000;

/** Answers by account and `Idempotency-Key`, and what each was the answer to. */
const answers = new Map();
/** How often each busy order came. */
const tries = new Map();

/** What the API says to a request: `{ status, headers, document }`. */
export async function paymentSession(request) {
  if (request.method !== 'POST') {
    return problem(405, 'Only POST makes a payment session', undefined, { allow: 'POST' });
  }
  const body = await readJson(request);
  const fault = bodyFault(body);
  if (fault) return problem(400, 'Not a payment session', fault);
  // Whose key it is says the edge; the name alone could be another account's.
  const account = request.headers['keyguard-account'] ?? null;
  const mode = request.headers['keyguard-mode'] ?? null;
  const name = request.headers['idempotency-key'];
  const key = name === undefined ? undefined : JSON.stringify([account, mode, name]);
  const asked = createHash('sha256').update(JSON.stringify(body)).digest('hex');

  const before = answers.get(key);
  if (before) {
    // draft-ietf-httpapi-idempotency-key-header §2.7: a name stands for one request.
    if (before.asked !== asked) {
      return problem(422, 'Idempotency-Key is already used', 'this Idempotency-Key came with another order before');
    }
    return { ...before.answer, headers: { 'idempotency-replayed': 'true' } };
  }
  if (body.simulate === 'busy' && isBusy(key ?? asked)) {
    return problem(503, 'Busy', 'the demo API is busy, as the order asked it to be', { 'retry-after': '1' });
  }
  const document = {
    id: `ps_${randomUUID().replaceAll('-', '')}`,
    object: 'payment_session',
    amount: body.amount,
    currency: body.currency,
    ...(body.reference === undefined ? {} : { reference: body.reference }),
    mode,
    account,
    status: 'open',
    created_at: Math.floor(Date.now() / 1000),
  };
  const answer = { status: 201, headers: {}, document };
  if (key !== undefined) remember(answers, key, { asked, answer });
  return answer;
}

/** Whether an order that makes the API busy came for the first or second time. */
function isBusy(key) {
  const count = (tries.get(key) ?? 0) + 1;
  remember(tries, key, count);
  return count <= 2;
}

function remember(map, key, value) {
  if (map.size >= NAMES_LIMIT) map.delete(map.keys().next().value);
  map.set(key, value);
}

function problem(status, title, detail, headers = {}) {
  const document = { title, status, ...(detail === undefined ? {} : { detail }) };
  return { status, headers: { 'content-type': PROBLEM, ...headers }, document };
}

function bodyFault(body) {
  if (body === undefined) return 'the body is not JSON';
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return 'the body is not an object';
  if (!Number.isSafeInteger(body.amount) || body.amount <= 0) return '`amount` is not a positive whole number';
  if (typeof body.currency !== 'string' || !/^[A-Z]{3}$/.test(body.currency)) return '`currency` is not three capitals';
  if (body.reference !== undefined && (typeof body.reference !== 'string' || body.reference.length > 200)) {
    return '`reference` is not a text of at most 200 characters';
  }
  if (body.simulate !== undefined && body.simulate !== 'busy') return '`simulate` is not "busy"';
  return undefined;
}

/** The body as JSON; `undefined` when it isn't that, or is longer than a payment session can be. */
async function readJson(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length <= JSON_LIMIT) parts.push(part);
  }
  if (length > JSON_LIMIT) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}
