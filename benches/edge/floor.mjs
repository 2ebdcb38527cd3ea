// The least that a refusal costs, whoever decides it: all that the contract demands of one, made of constants, and the one
// question to the store that a key in the issued form is worth.
const id = '0af76519-16cd-43dd-8448-eb211c80319c';
const line = JSON.stringify({ event: 'verdict', code: 'unauthorized', status: 401, request_id: id, method: 'GET', duration_ms: 0 });
const document = JSON.stringify({
  type: 'urn:keyguard:problem:unauthorized',
  title: 'Unauthorized',
  status: 401,
  detail: 'Send your API key in one header: `Authorization: Bearer <key>`.',
  instance: '/charges/ch_20391',
  code: 'unauthorized',
  request_id: id,
});
const init = {
  status: 401,
  headers: {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'Keyguard-Request-Id': id,
    'WWW-Authenticate': 'Bearer realm="keyguard"',
    Vary: 'Origin',
  },
};

export default {
  fetch({ headers }, { KEYS }) {
    const credential = headers.get('Authorization');
    if (!credential?.startsWith('Bearer sk_')) return refuse();
    return KEYS.get('key:v1:none', { type: 'text', cacheTtl: 60 }).then(refuse);
  },
};

function refuse() {
  console.log(line);
  return new Response(document, init);
}
