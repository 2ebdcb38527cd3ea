#!/usr/bin/env node
// Looks for secret keys in files before they ship: `npx keyguard-scan dist`.

import { stat } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { contents, filesBelow } from '../plugin/files.js';
import { Inspector } from '../plugin/inspector.js';

const USAGE = `Usage: keyguard-scan [OPTIONS] PATH...

Looks for secret keys in files, and in all files below folders but node_modules and .git. Files ending in .gz and .br are looked into.

  --json                 print the findings as JSON, in the form of \`keyguard scan --json\`
  --confidence LEVEL     the least of a finding: possible, likely (default) or certain
  --no-vendors           look for no keys of other vendors
  --allow FINGERPRINT    leave out a finding, by what --json says of it; may be repeated
  --help                 print this

A key is never printed: its prefix and its last four characters are.

Exit codes:
  0  nothing was found
  1  secret keys were found
  2  the call makes no sense, or something could not be read
`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  confidence: { type: 'string' },
  vendors: { type: 'boolean', default: true },
  allow: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
};

const WRITTEN = { none: '', escaped: ', with escapes', joined: ', in pieces', base64: ', in base64', 'utf-16': ', in UTF-16' };

const FOUND = 1;
const FAILED = 2;

// A break must not look like a finding: Node's own code for it is 1.
process.exitCode = await main().catch((error) => failed(error.stack));

async function main() {
  let values, paths, inspector;
  try {
    ({ values, positionals: paths } = parseArgs({ options: OPTIONS, allowPositionals: true, allowNegative: true }));
    const { allow, vendors, confidence } = values;
    inspector = new Inspector({ allow, vendors, confidence });
  } catch (error) {
    return failed(`${error.message}\n\n${USAGE}`);
  }
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (paths.length === 0) return failed(`no PATH is given\n\n${USAGE}`);

  const outcome = { files: 0, bytes: 0, findings: [], notes: [], errors: [] };
  const attempt = async (path, look) => {
    try {
      await look();
    } catch (error) {
      outcome.errors.push(`${path}: ${error.message}`);
    }
  };
  for (const path of paths) {
    await attempt(path, async () => {
      for await (const file of filesOf(path)) {
        await attempt(file, async () => {
          for (const finding of await inspector.lookThrough(counted(contents(file), outcome))) outcome.findings.push({ file, ...finding });
          outcome.files += 1;
        });
      }
    });
  }
  if (values.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else print(outcome);
  if (outcome.errors.length > 0) return FAILED;
  return outcome.findings.length > 0 ? FOUND : 0;
}

async function* counted(pieces, outcome) {
  for await (const piece of pieces) {
    outcome.bytes += piece.length;
    yield piece;
  }
}

async function* filesOf(path) {
  if ((await stat(path)).isDirectory()) yield* filesBelow(path, (name) => ['node_modules', '.git'].includes(name));
  else yield path;
}

/** As `keyguard scan` does. */
function print({ files, findings, errors }) {
  for (const { file, line, column, severity, name, confidence, disguise, redacted, advice } of findings) {
    process.stdout.write(`${file}:${line}:${column}: ${severity}: ${name}, ${confidence}${WRITTEN[disguise]}\n    ${redacted}  ${advice}\n`);
  }
  for (const error of errors) failed(error);
  const [found, looked] = [findings.length === 1 ? '1 finding' : `${findings.length || 'no'} findings`, files === 1 ? '1 file' : `${files} files`];
  process.stderr.write(`${found} in ${looked}\n`);
}

function failed(why) {
  process.stderr.write(`keyguard-scan: ${why}\n`);
  return FAILED;
}
