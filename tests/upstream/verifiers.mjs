// The upstreams of docs/upstream.md: each verifier is taken out of the page as it stands there, and put beside a small
// server that calls it.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('./', import.meta.url));
const PAGE = path.join(HERE, '../../docs/upstream.md');
const TARGET = path.resolve(process.env.CARGO_TARGET_DIR ?? path.join(HERE, '../../target'), 'upstream');
const PYTHON = process.env.KEYGUARD_PYTHON ?? path.join(HERE, '../../.tools/python/bin/python');

const run = promisify(execFile);

/** Per language: what is done once before it can start, and what starts it, both in its folder. */
const LANGUAGES = {
  node: {
    build: (folder) => {
      const modules = path.join(folder, 'node_modules');
      if (!existsSync(modules)) symlinkSync(path.join(HERE, '../node_modules'), modules);
    },
    command: [process.execPath, 'server.mjs'],
  },
  python: { build: () => {}, command: [PYTHON, 'server.py'] },
  go: {
    // Nothing is downloaded: it has the standard library alone.
    build: (folder) => run('go', ['build', '-o', 'server', '.'], { cwd: folder, env: { ...process.env, GOPROXY: 'off' } }),
    command: ['./server'],
  },
  rust: {
    build: (folder) => {
      const env = { ...process.env, CARGO_TARGET_DIR: path.join(folder, 'target') };
      return run(process.env.CARGO ?? 'cargo', ['build', '--locked', '--quiet'], { cwd: folder, env });
    },
    command: ['target/debug/keyguard-upstream'],
  },
};

export const languages = Object.keys(LANGUAGES);

/** Takes the verifiers out of the page and builds what has to be built: one test file at a time, since all use one folder. */
export async function buildUpstreams() {
  const verifiers = [...readFileSync(PAGE, 'utf8').matchAll(/^<!-- verifier: (\S+) -->\n```\w+\n(.*?)^```$/gms)];
  const found = verifiers.map(([, file]) => file.split('/')[0]);
  if (found.join() !== languages.join()) throw new Error(`docs/upstream.md has verifiers for ${found}`);
  for (const [, file, text] of verifiers) {
    const [language] = file.split('/');
    copy(path.join(HERE, language), path.join(TARGET, language));
    write(path.join(TARGET, file), text);
  }
  for (const language of languages) await LANGUAGES[language].build(path.join(TARGET, language));
}

/** Starts an upstream with these secrets, which takes requests for `audience` alone. */
export async function startVerifier(language, { secrets, audience }) {
  const [program, ...rest] = LANGUAGES[language].command;
  const child = spawn(program, rest, {
    cwd: path.join(TARGET, language),
    env: { ...process.env, ASSERTION_SECRETS: secrets, ASSERTION_AUDIENCE: audience, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [port] = await Promise.race([once(createInterface(child.stdout), 'line'), exited]);
  // An exit code is a number.
  if (typeof port !== 'string') throw new Error(`the upstream in ${language} ended: ${port}`);
  return {
    language,
    port: Number(port),
    stop: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Without touching what is the same already, which would be built anew. */
function copy(from, to) {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    write(path.join(to, path.relative(from, file)), readFileSync(file, 'utf8'));
  }
}

function write(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
