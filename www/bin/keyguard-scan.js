#!/usr/bin/env node
// Looks for secret keys in files before they ship: `npx keyguard-scan dist`.

import { stat } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';

import { contents, filesBelow } from '../plugin/files.js';
import { Inspector } from '../plugin/inspector.js';

const USAGE = `Usage: keyguard-scan [OPTIONS] PATH...

Looks for secret keys in files, and in all files below folders but node_modules and .git. Files ending in .gz and .br are looked into.

  --json                 print the findings as JSON, an array
  --confidence LEVEL     the least of a finding: possible, likely (default) or certain
  --no-vendors           look for no keys of other vendors
  --allow FINGERPRINT    leave a finding out; may be repeated
  --help                 print this

Exit code: 0 nothing was found, 1 a key was found, 2 something could not be looked at.
`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  confidence: { type: 'string' },
  vendors: { type: 'boolean', default: true },
  allow: { type: 'string', multiple: true },
  help: { type: 'boolean', default: false },
};

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

  const findings = [];
  let code = 0;
  const attempt = async (path, look) => {
    try {
      await look();
    } catch (error) {
      code = failed(`${path} could not be looked at: ${error.message}`);
    }
  };
  for (const path of paths) {
    await attempt(path, async () => {
      for await (const file of filesOf(path)) {
        await attempt(file, async () => {
          for (const finding of await inspector.lookThrough(contents(file))) findings.push({ path: file, ...finding });
        });
      }
    });
  }
  if (values.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else for (const finding of findings) process.stdout.write(words(finding));
  return code || (findings.length > 0 ? FOUND : 0);
}

async function* filesOf(path) {
  if ((await stat(path)).isDirectory()) yield* filesBelow(path, (name) => ['node_modules', '.git'].includes(name));
  else yield path;
}

function words({ path, line, column, name, redacted, confidence, advice, fingerprint }) {
  return `${path}:${line}:${column}: ${name} ${redacted} (${confidence}, ${fingerprint})\n  ${advice}\n`;
}

function failed(why) {
  process.stderr.write(`keyguard-scan: ${why}\n`);
  return FAILED;
}
