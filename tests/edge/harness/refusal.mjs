// The contract's table of refusals.

import assert from 'node:assert/strict';

const challenge = (error) => `Bearer realm="keyguard"${error ? `, error="${error}"` : ''}`;

/** Per problem code: the status, and the challenge if there is one. */
export const PROBLEMS = {
  'https-required': [403, challenge('invalid_request')],
  unauthorized: [401, challenge()],
  'invalid-request': [400, challenge('invalid_request')],
  'invalid-key': [400, challenge('invalid_token')],
  'key-revoked': [403, challenge('invalid_token')],
  'key-expired': [403, challenge('invalid_token')],
  'key-exposed': [403, challenge('invalid_token')],
  'secret-key-in-browser': [403, challenge('invalid_request')],
  'origin-not-allowed': [403, challenge('invalid_request')],
  'insufficient-scope': [403, challenge('insufficient_scope')],
  'rate-limited': [429],
  'store-unavailable': [503],
  'upstream-unreachable': [502],
  'upstream-timeout': [504],
  misconfigured: [500],
  internal: [500],
};

/** That a response is this refusal, whole: status, headers and every member of the document. */
export function assertRefused(response, code, { instance } = {}) {
  assert.ok(response, 'there is no response');
  const [status, expected] = PROBLEMS[code];
  assert.equal(
    `${response.status} ${response.header('content-type')}`,
    `${status} application/problem+json`,
    response.text,
  );
  const problem = response.json;
  assert.equal(problem.code, code, response.text);
  assert.equal(problem.type, `urn:keyguard:problem:${code}`);
  assert.equal(problem.status, status);
  for (const member of ['title', 'detail', 'request_id'])
    assert.ok(problem[member]?.length > 0, `${member}: ${response.text}`);
  if (instance !== undefined) assert.equal(problem.instance, instance);
  const known = ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id'];
  assert.deepEqual(
    Object.keys(problem).filter((member) => !known.includes(member)),
    [],
  );
  assert.equal(response.header('www-authenticate'), expected);
  assert.equal(response.header('cache-control'), 'no-store');
  assert.equal(response.header('keyguard-request-id'), problem.request_id);
  const retryAfter = response.header('retry-after');
  if (['store-unavailable', 'rate-limited'].includes(code)) assert.match(retryAfter, /^[1-9]\d*$/);
  else assert.equal(retryAfter, undefined);
  return problem;
}
