// The clients that a merchant's server has, each as it sends by itself: no header is added but the key.

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const TARGET = path.resolve(process.env.CARGO_TARGET_DIR ?? path.join(HERE, '../../target'), 'exposure');
const PYTHON = process.env.KEYGUARD_PYTHON ?? path.join(HERE, '../../.tools/python/bin/python');

const run = promisify(execFile);

const NODE_FETCH = `
const { API, KEY, METHOD, BODY } = process.env;
const response = await fetch(API, { method: METHOD, body: BODY || undefined, headers: { authorization: 'Bearer ' + KEY } });
console.log(response.status + '\\n' + await response.text());`;

const NODE_HTTP = `
import http from 'node:http';
const { API, KEY, METHOD, BODY } = process.env;
const request = http.request(API, { method: METHOD, headers: { authorization: 'Bearer ' + KEY } }, async (response) => {
  console.log(response.statusCode + '\\n' + (await response.toArray()).join(''));
});
request.end(BODY || undefined);`;

const URLLIB = `
import os, urllib.request
body = os.environ["BODY"].encode() or None
request = urllib.request.Request(os.environ["API"], data=body, method=os.environ["METHOD"])
request.add_header("Authorization", "Bearer " + os.environ["KEY"])
with urllib.request.urlopen(request) as response:
    print(response.status, response.read().decode(), sep="\\n")`;

const REQUESTS = `
import os, requests
headers = {"Authorization": "Bearer " + os.environ["KEY"]}
response = requests.request(os.environ["METHOD"], os.environ["API"], data=os.environ["BODY"] or None, headers=headers)
print(response.status_code, response.text, sep="\\n")`;

const CURL = `
body=; if [ -n "$BODY" ]; then body="data = \\"$BODY\\""; fi
printf '%s\\n' "url = \\"$API\\"" "request = \\"$METHOD\\"" "header = \\"Authorization: Bearer $KEY\\"" "$body" |
  curl --silent --show-error --disable --write-out '\\n%{http_code}' --config -`;

/** Per client, the program and its arguments: with `API`, `KEY`, `METHOD` and `BODY` in its environment it prints the status and the answer. */
export const CLIENTS = {
  "Node's fetch": [process.execPath, '--input-type=module', '--eval', NODE_FETCH],
  'node:http': [process.execPath, '--input-type=module', '--eval', NODE_HTTP],
  curl: ['sh', '-c', CURL],
  "Python's urllib": [PYTHON, '-c', URLLIB],
  "Python's requests": [PYTHON, '-c', REQUESTS],
  "Go's net/http": [path.join(TARGET, 'client')],
};

/** Builds the client that has to be built. Nothing is downloaded: it has the standard library alone. */
export async function buildClients() {
  await mkdir(TARGET, { recursive: true });
  const options = { cwd: path.join(HERE, 'go'), env: { ...process.env, GOPROXY: 'off' } };
  await run('go', ['build', '-o', path.join(TARGET, 'client'), '.'], options);
}

/** Sends with one of them: `{ status, json }`. */
export async function ask(name, { api, key, method = 'GET', body = '' }) {
  const [program, ...rest] = CLIENTS[name];
  const { stdout } = await run(program, rest, { env: { ...process.env, API: api, KEY: key, METHOD: method, BODY: body } });
  const lines = stdout.trim().split('\n');
  // curl knows the status only when the answer is there.
  const status = name === 'curl' ? lines.pop() : lines.shift();
  return { status: Number(status), json: JSON.parse(lines.join('\n')) };
}
