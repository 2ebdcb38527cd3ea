// What Vite writes into a page's scripts: variables of the environment, and definitions.

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { at } from './sources.js';

/** The expressions that stand for a secret key in modules, each with its findings and, in words, where the value comes from. */
export async function inlined(config, inspector) {
  const { env, define = {}, environments = {} } = config;
  const variables = Object.entries(env).map(([name, value]) => [`import.meta.env.${name}`, value]);
  const definitions = [define, environments.client?.define ?? {}].flatMap((definitions) => Object.entries(definitions).flatMap(members));
  const values = Object.entries(Object.fromEntries([...variables, ...definitions]));
  const leaks = values
    .map(([expression, value]) => ({ expression, findings: inspector.look(text(value)) }))
    .filter(({ findings }) => findings.length > 0);
  const files = leaks.length > 0 ? await placesInFiles(config, inspector) : new Map();
  const place = (expression) => ({ fingerprint }) =>
    [...(files.get(fingerprint) ?? ['the environment or the configuration']), `which ${expression} has`].join(', ');
  return leaks.map((leak) => ({ ...leak, place: place(leak.expression) }));
}

/** A definition, or its members where it is an object: `process.env` often is one. */
function members([name, value]) {
  const object = typeof value === 'string' ? parsed(value) : value;
  if (object === null || typeof object !== 'object') return [[name, value]];
  return Object.entries(object).map(([member, value]) => [`${name}.${member}`, value]);
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const text = (value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Where keys are in the files of variables that Vite reads. */
async function placesInFiles({ root, envDir, mode }, inspector) {
  const places = new Map();
  if (envDir === false) return places;
  for (const name of ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]) {
    const file = path.join(envDir || root, name);
    // Vite takes what is there.
    const content = await readFile(file).catch(() => '');
    for (const finding of inspector.look(content)) {
      places.set(finding.fingerprint, [...(places.get(finding.fingerprint) ?? []), at(path.relative(root, file))(finding)]);
    }
  }
  return places;
}
