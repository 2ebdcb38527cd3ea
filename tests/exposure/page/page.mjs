// Runs in a browser: sends the keys that it was given in every way that a page's script has, and reports what came of it.

const run = new URLSearchParams(location.search).get('run');
const { edge, witness, secret, publishable } = await (await fetch(`/settings?run=${run}`)).json();

const bearer = (key) => ({ Authorization: `Bearer ${key}` });

async function outcome(response) {
  const text = await response.text();
  return { status: response.status, code: text ? JSON.parse(text).code : undefined };
}

const byFetch = async (path, init) => outcome(await fetch(edge + path, init));

function byXhr(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, edge + path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.onload = () => resolve({ status: request.status, code: JSON.parse(request.responseText).code });
    request.onerror = () => reject(new TypeError('the request failed'));
    request.send(body);
  });
}

function byWorker(path, headers) {
  const source = `fetch(${JSON.stringify(edge + path)}, { headers: ${JSON.stringify(headers)} })
    .then(async (response) => postMessage({ status: response.status, code: (await response.json()).code }))
    .catch((error) => postMessage({ error: String(error) }));`;
  const { promise, resolve } = Promise.withResolvers();
  new Worker(URL.createObjectURL(new Blob([source]))).onmessage = ({ data }) => resolve(data);
  return promise;
}

const json = { 'Content-Type': 'application/json' };

const cases = {
  'a publishable key, by fetch': () => byFetch('/echo', { headers: bearer(publishable) }),
  'by fetch': () => byFetch('/echo', { headers: bearer(secret) }),
  'by fetch, with a body': () => byFetch('/echo', { method: 'POST', headers: { ...bearer(secret), ...json }, body: '{}' }),
  'by fetch, without a referrer': () => byFetch('/echo', { headers: bearer(secret), referrerPolicy: 'no-referrer' }),
  'by fetch, kept alive': () => byFetch('/echo', { headers: bearer(secret), keepalive: true }),
  'by fetch, with headers that a script must not set': () =>
    byFetch('/echo', { headers: { ...bearer(secret), 'Sec-Fetch-Site': 'same-origin', Origin: edge, Host: 'a.example' } }),
  'by XMLHttpRequest': () => byXhr('GET', '/echo', bearer(secret)),
  'by XMLHttpRequest, with a body': () => byXhr('POST', '/echo', bearer(secret), 'x'),
  'with a method of no route': () => byFetch('/echo', { method: 'DELETE', headers: bearer(secret) }),
  'by a worker': () => byWorker('/echo', bearer(secret)),
  'in the query, as a simple request': () => byFetch(`/echo?key=${secret}`),
};

const results = {};
for (const [name, send] of Object.entries(cases)) {
  results[name] = await send().catch((error) => ({ error: String(error) }));
}
// What the browser says of such requests, for somebody who can look.
await fetch(witness, { headers: bearer('of nobody') });
await fetch(`/report?run=${run}`, { method: 'POST', body: JSON.stringify(results) });
