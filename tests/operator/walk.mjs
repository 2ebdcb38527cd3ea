// Runs the commands of a document as they stand there, and compares what they print with what the document says.
//
// What differs from run to run is learnt on the way: where the document shows one key and the run prints another, the
// document's stands for the run's from then on, in output and in commands.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const TOKEN =
  /kgadmin_[A-Za-z0-9]{32}|[sp]k_(?:test_)?[A-Za-z0-9]{32}|key_[A-Za-z0-9]{20}|\b[0-9a-f]{64}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** The commands of a document, each with the output that stands below it. */
export function steps(text) {
  const found = [];
  for (const [, block] of text.matchAll(/```console\n([^]*?)```/g)) {
    for (const line of block.split('\n').slice(0, -1)) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), output: [] });
      else found.at(-1).output.push(line);
    }
  }
  return found.map(({ command, output }) => ({ command, output: output.join('\n') }));
}

/** Runs commands one after the other: for each, what it printed and what it should have. */
export async function walk(commands, { cwd, env }) {
  const run = new Map();
  const told = (text) => text.replace(TOKEN, (token) => run.get(token) ?? token);
  const walked = [];
  for (const { command, output } of commands) {
    // A refusal is a part of the walk, so whatever the exit code is.
    const { stdout } = await execute('bash', ['-c', `{ ${told(command)}\n} 2>&1; true`], { cwd, env, timeout: 60_000 });
    const printed = stdout.replaceAll('\r', '').trimEnd();
    const theirs = output.match(TOKEN) ?? [];
    for (const [index, token] of (printed.match(TOKEN) ?? []).entries()) {
      if (theirs[index] && !run.has(theirs[index])) run.set(theirs[index], token);
    }
    walked.push({ command: told(command), printed, actual: steady(printed), expected: steady(withEnds(told(output), output, run)) });
  }
  return walked;
}

/** A key's last four characters follow the key that the document shows. */
function withEnds(text, output, run) {
  let changed = text;
  for (const [theirs, ours] of run) {
    if (/^[sp]k_/.test(theirs)) changed = changed.replaceAll(new RegExp(`\\b${theirs.slice(-4)}\\b`, 'g'), ours.slice(-4));
  }
  return changed;
}

/** Without what the clock alone changes, and without the width of columns. */
function steady(text) {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ( \([^)]*\))?/g, '<time>')
    .replace(/@\d{10}/g, '@<time>')
    .replace(/\b1\d{9}\b/g, '<time>')
    .replace(/\bin \d+\.\d s\b/g, 'in <time>')
    .replace(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, '<time>')
    // A key's last use comes to be known a moment after it.
    .replace(/\bnever\b/g, '<time>')
    .replace(/[ \t]+/g, ' ')
    .replace(/ $/gm, '');
}
