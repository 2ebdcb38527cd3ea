// A guard as a good developer writes it by hand: the store is asked for every request.
import { forward, recordOf } from './guarding.mjs';

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;
const KEY = /^[sp]k_(?:test_)?[0-9A-Za-z]{16,128}$/;

export default {
  async fetch(request, env) {
    const authorization = request.headers.get('Authorization');
    if (!authorization) return refuse(401, 'unauthorized', 'Bearer');
    const token = BEARER.exec(authorization)?.[1];
    if (!token) return refuse(400, 'invalid-request', 'Bearer error="invalid_request"');
    if (!KEY.test(token)) return refuse(400, 'invalid-key', 'Bearer error="invalid_token"');
    const { record, status, code } = await recordOf(token, env);
    if (!record) return refuse(status, code, 'Bearer error="invalid_token"');
    return forward(request, record, env);
  },
};

function refuse(status, code, challenge) {
  const problem = { type: `urn:example:problem:${code}`, title: code, status, code, request_id: crypto.randomUUID() };
  const headers = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'WWW-Authenticate': challenge,
  };
  return new Response(JSON.stringify(problem), { status, headers });
}
