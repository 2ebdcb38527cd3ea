// Starts an edge with a fresh admin credential, prints its origin and the credential on one line, and runs until
// standard input is closed.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { checksum, digest, policyFor, startEdge } from '../edge/harness.mjs';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const before = `kgadmin_${Array.from({ length: 26 }, () => ALPHABET[randomInt(62)]).join('')}`;
const credential = before + checksum(before);

// The admin API is never the upstream's to answer.
const policy = policyFor('http://127.0.0.1:9', { leaks: { github: true, presented: true } });
// GitHub without a key: nothing that is generated is signed.
const github = createServer((_, response) => response.end('{"public_keys":[]}')).listen(0, '127.0.0.1');
await once(github, 'listening');
const vars = { GITHUB_KEYS_URL: `http://127.0.0.1:${github.address().port}/` };
const edge = await startEdge({ policy, vars, admin: `ops:${digest(credential)}` });
console.log(`${edge.origin} ${credential}`);

for await (const _ of process.stdin);
await edge.stop();
github.close();

const SECRETS = /(sk_(test_)?|kgadmin_)[A-Za-z0-9]{16,}/;
for (const line of edge.lines.all) {
  assert.ok(!SECRETS.test(line), `a log line shows a secret: ${line.replaceAll(new RegExp(SECRETS, 'g'), '<it>')}`);
}
// What happened, for whoever looks into a failure.
for (const line of edge.lines.all) if (!/"event":"(admin|verdict)"/.test(line)) console.error(line);
