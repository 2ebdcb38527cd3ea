// The operator's tool against the edge in its real runtime.

import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { digest, entryOf, issueCredential, issueKey, policyFor, sleep, startEdge } from '../accounts/harness.mjs';
import { startUpstream } from '../edge/harness/upstream.mjs';

const CLI = path.resolve(process.env.KEYGUARD_CLI ?? fileURLToPath(new URL('../../target/debug/keyguard', import.meta.url)));

const folder = mkdtempSync(path.join(tmpdir(), 'keyguard-tool-'));
const credential = issueCredential();
let edge;
let upstream;
let env;

before(async () => {
  upstream = await startUpstream();
  edge = await startEdge({ policy: policyFor(upstream.origin), admin: entryOf('ops', credential) });
  const config = path.join(folder, 'config.toml');
  writeFileSync(config, `[env.local]\nurl = "${edge.origin}"\n`);
  env = { PATH: process.env.PATH, HOME: folder, KEYGUARD_CONFIG: config, KEYGUARD_CREDENTIAL: credential };
});

after(async () => {
  await edge?.stop();
  await upstream?.stop();
  rmSync(folder, { recursive: true });
});

/** Runs the tool to its end: exit code and what it printed. */
function keyguard(args, { input = '', variables = {} } = {}) {
  return new Promise((resolve) => {
    const child = execFile(CLI, args, { env: { ...env, ...variables }, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }));
    // It may be done before it has read anything.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

async function json(args, options) {
  const { code, stdout, stderr } = await keyguard(['--json', ...args], options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const status = async (key) => {
  const answer = await edge.sendAs({ key });
  return { status: answer.status, code: answer.status === 200 ? undefined : JSON.parse(answer.body).code };
};

test('a key with an expiry works until then and is refused as expired after', async () => {
  await json(['account', 'create', '--id', 'acct_expiry', '--no-keys']);
  const key = await json(['key', 'issue', 'acct_expiry', '--kind', 'secret', '--mode', 'test', '--expires', String(Math.floor(Date.now() / 1000) + 4)]);
  assert.deepEqual(await status(key.key), { status: 200, code: undefined });
  await sleep(5000);
  assert.deepEqual(await status(key.key), { status: 403, code: 'key-expired' });
  const later = await json(['key', 'expire', 'acct_expiry', key.id, '--in', '30d']);
  assert.equal(later.status, 'active');
});

test('a rotation near the end of a key says when the old text ends', async () => {
  await json(['account', 'create', '--id', 'acct_soon', '--no-keys']);
  const expires = String(Math.floor(Date.now() / 1000) + 630);
  const key = await json(['key', 'issue', 'acct_soon', '--kind', 'secret', '--mode', 'test', '--expires', expires]);
  const rotated = await keyguard(['key', 'rotate', 'acct_soon', key.id]);
  assert.match(rotated.stderr, /its old text works for another 10 minutes, until the key was to expire/);
});

test('a change whose answer is lost is done once under the idempotency key that is told', { timeout: 60_000 }, async (t) => {
  await json(['account', 'create', '--id', 'acct_lost', '--no-keys']);
  const proxy = http.createServer((request, response) => {
    const { method, url, headers } = request;
    const upward = http.request(edge.origin, { method, path: url, headers }, (answer) => answer.resume().on('end', () => response.destroy()));
    request.pipe(upward);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  t.after(() => proxy.close());
  const config = path.join(folder, 'lossy.toml');
  writeFileSync(config, `[env.local]\nurl = "http://127.0.0.1:${proxy.address().port}"\n`);
  const issue = ['key', 'issue', 'acct_lost', '--kind', 'secret', '--mode', 'test'];
  const lost = await keyguard(issue, { variables: { KEYGUARD_CONFIG: config } });
  assert.equal(lost.code, 3);
  const [, name] = /`--idempotency-key (\w+)`/.exec(lost.stderr);
  const again = await keyguard([...issue, '--idempotency-key', name]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /an earlier attempt did it.*keyguard key rotate acct_lost key_/);
  const { keys } = await json(['key', 'list', 'acct_lost']);
  assert.equal(keys.length, 1);
  assert.match((await keyguard(['key', 'issue', 'acct_lost', '--kind', 'secret', '--mode', 'live', '--idempotency-key', name])).stderr, /very same command/);
});

test('a dry run says what would be and keeps nothing', async () => {
  const made = await json(['account', 'create', '--id', 'acct_dry', '--dry-run']);
  assert.equal(made.dry_run, true);
  assert.ok(made.keys.every(({ key }) => key === undefined));
  const { code } = await keyguard(['account', 'show', 'acct_dry']);
  assert.equal(code, 1);
});

test('a live key is not lifted without its id, and works again after', async () => {
  const { keys } = await json(['account', 'create', '--id', 'acct_lift']);
  const live = keys.find(({ kind, mode }) => kind === 'secret' && mode === 'live');
  const account = await edge.account('acct_lift');
  const report = { digest: digest(live.key), key_id: live.id, action: 'quarantine', channel: 'query', at: Math.floor(Date.now() / 1000), redacted: '' };
  await account.expose(JSON.stringify(report));
  const shown = await keyguard(['key', 'show', 'acct_lift', live.id]);
  assert.match(shown.stdout, /^status +exposed$/m);
  assert.match(shown.stdout, /^exposed .*: query$/m);
  assert.match(shown.stdout, /^last used +never$/m);
  const lift = ['key', 'lift', 'acct_lift', live.id];
  assert.equal((await keyguard(lift)).code, 2);
  assert.equal((await json([...lift, '--dry-run'])).dry_run, true);
  assert.deepEqual(await status(live.key), { status: 403, code: 'key-exposed' });
  assert.equal((await json([...lift, '--yes', live.id])).status, 'active');
  assert.equal((await status(live.key)).status, 200);
});

test('a live key is not revoked without its id, typed or given', async () => {
  const { keys } = await json(['account', 'create', '--id', 'acct_confirm']);
  const live = keys.find(({ kind, mode }) => kind === 'secret' && mode === 'live');
  const revoke = ['key', 'revoke', 'acct_confirm', live.id, '--reason', 'a test'];
  assert.equal((await keyguard(revoke)).code, 2);
  assert.equal((await keyguard([...revoke, '--yes', 'key_another'])).code, 4);
  assert.deepEqual(await status(live.key), { status: 200, code: undefined });
  assert.equal((await keyguard([...revoke, '--yes', live.id])).code, 0);
  assert.deepEqual(await status(live.key), { status: 403, code: 'key-revoked' });
});

// util-linux: it runs a command at a terminal of its own.
const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

test('what an API calls a key moves no cursor where its id is asked for', { skip: !hasTerminal }, async (t) => {
  const server = http.createServer((request, response) => {
    const key = {
      id: 'key_1', account: 'a\u001b[2J', kind: 'secret', mode: 'live', label: '\u001b]0;owned\u0007', status: 'active', version: 1, created_at: 1,
      versions: [], projection: { pending: false },
    };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(key));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const config = path.join(folder, 'odd.toml');
  writeFileSync(config, `[env.local]\nurl = "http://127.0.0.1:${server.address().port}"\n`);
  const child = spawn('script', ['-qec', `${CLI} key revoke a key_1 --reason x`, '/dev/null'], { env: { ...env, TERM: 'xterm', KEYGUARD_CONFIG: config } });
  let shown = '';
  child.stdout.on('data', (data) => {
    shown += data;
    if (shown.includes('go on')) child.stdin.end('key_2\n');
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 4, shown);
  assert.match(shown, /revokes the live secret key key_1/);
  assert.doesNotMatch(shown, /\u001b\[2J|\u001b\]0/);
});

test('what is exported is imported, and what is there stays as it is', async () => {
  const keys = Array.from({ length: 2500 }, (_, index) => ({ text: issueKey('secret', 'live'), id: `key_moved_${index}` }));
  const rows = keys.map(({ text, id }) => `${digest(text)},secret,live,${id}\n`);
  const file = path.join(folder, 'keys.csv');
  writeFileSync(file, `digest,kind,mode,id\n${rows.join('')}`);
  const imported = await keyguard(['import', file, '--account', 'acct_moved', '--create-accounts']);
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stdout + imported.stderr, /2500 imported/);
  assert.deepEqual(await status(keys[1234].text), { status: 200, code: undefined });

  const exported = await keyguard(['export', '--account', 'acct_moved']);
  assert.equal(exported.stdout.trim().split('\n').length, 2500);
  const again = await keyguard(['import', '-'], { input: exported.stdout });
  assert.match(again.stdout + again.stderr, /0 imported, 2500 unchanged/);
});

test('of a rotated key the text that leaked is exported as revoked, and no other', async () => {
  for (const leaked of [1, 2]) {
    const { keys } = await json(['account', 'create', '--id', `acct_leaked_${leaked}`]);
    const first = keys.find(({ kind, mode }) => kind === 'secret' && mode === 'live');
    const second = await json(['key', 'rotate', first.account, first.id, '--grace', '30d']);
    const text = [first, second][leaked - 1].key;
    const account = await edge.account(first.account);
    const report = { digest: digest(text), key_id: first.id, action: 'quarantine', channel: 'query', at: Math.floor(Date.now() / 1000), redacted: '' };
    await account.expose(JSON.stringify(report));
    const { stdout } = await keyguard(['export', '--account', first.account]);
    const rows = stdout.trim().split('\n').map((line) => JSON.parse(line)).filter(({ id }) => id.startsWith(first.id));
    assert.deepEqual(rows.map(({ id, revoked }) => [id, revoked?.reason]), [
      [first.id, leaked === 2 ? 'exposed' : undefined],
      [`${first.id}.v1`, leaked === 1 ? 'exposed' : undefined],
    ]);
  }
});

test('a row of another account is told by its line and kept for later', async () => {
  const { keys } = await json(['account', 'create', '--id', 'acct_owner']);
  const refused = path.join(folder, 'refused.jsonl');
  const row = { account: 'acct_thief', digest: digest(keys[0].key), kind: 'publishable', mode: 'test' };
  const result = await keyguard(['import', '-', '--create-accounts', '--refused', refused], { input: JSON.stringify(row) });
  assert.equal(result.code, 1);
  const { line, code } = JSON.parse(readFileSync(refused, 'utf8'));
  assert.deepEqual({ line, code }, { line: 1, code: 'digest-taken' });
});

test('a key in a file of digests is refused before anything is sent, and not shown', async () => {
  const key = issueKey('secret', 'live');
  const row = { account: 'acct_leak', digest: key, kind: 'secret', mode: 'live' };
  const { code, stdout, stderr } = await keyguard(['import', '-', '--create-accounts'], { input: JSON.stringify(row) });
  assert.notEqual(code, 0);
  assert.ok(!`${stdout}${stderr}`.includes(key.slice(3)));
  assert.equal((await keyguard(['account', 'show', 'acct_leak'])).code, 1);
});

test('neither the credential nor a key is in the process list', { skip: process.platform !== 'linux' }, async () => {
  const key = issueKey('secret', 'live');
  // Without a line's end the tool waits for its input, and can be looked at.
  const child = spawn(CLI, ['key', 'find'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.write(key);
  await sleep(300);
  const lists = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1');
    } catch {
      return '';
    }
  });
  assert.ok(lists.some((line) => line.includes('key\0find')));
  assert.ok(!lists.some((line) => line.includes(key.slice(3)) || line.includes(credential)));
  child.stdin.end('\n');
  await once(child, 'exit');
});

test('a wrong credential is refused with exit code 1 and is not shown', async () => {
  const wrong = issueCredential();
  const { code, stderr } = await keyguard(['account', 'list'], { variables: { KEYGUARD_CREDENTIAL: wrong } });
  assert.equal(code, 1);
  assert.match(stderr, /unauthorized/);
  assert.ok(!stderr.includes(wrong));
});

test('an edge that is not there gives exit code 3', async () => {
  const config = path.join(folder, 'nowhere.toml');
  writeFileSync(config, '[env.local]\nurl = "http://127.0.0.1:9"\n');
  const { code } = await keyguard(['--config', config, 'account', 'list']);
  assert.equal(code, 3);
});

test('doctor finds the edge refusing as it should', async () => {
  const { stdout } = await keyguard(['doctor', '--url', edge.origin]);
  assert.match(stdout, /admin API/i);
});
