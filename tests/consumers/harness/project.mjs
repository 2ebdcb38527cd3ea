// Customers' projects: folders with the package installed from its tarball, built anew when anything that goes in has changed.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const HERE = fileURLToPath(new URL('..', import.meta.url));
export const TARBALL = path.resolve(process.env.KEYGUARD_TGZ ?? path.join(HERE, '../../www/pkg/keyguard.tgz'));
/** Below this folder, so that what is built finds its packages; git doesn't look in. */
const BUILDS = path.join(HERE, 'build');

/** The path of a file in an npm package of this folder. */
export const installed = (file) => path.join(HERE, 'node_modules', file);

/**
 * A customer's project: the shop's files, `files` over them, and `links` to other folders. `build` then runs in it.
 *
 * # Returns
 * Its folder. One of an earlier run is taken when nothing has changed since.
 */
export async function project(name, { entry = 'keyguard', files = {}, links = {}, build = async () => {} } = {}) {
  const folder = path.join(BUILDS, slug(`${name} ${entry}`));
  const stamp = path.join(folder, 'state.txt');
  const now = createHash('sha256').update(await state()).update(JSON.stringify(files)).digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === now) return folder;
  await rm(folder, { recursive: true, force: true });
  const shop = await shopFiles();
  const own = { 'package.json': '{ "name": "shop", "private": true, "type": "module" }\n', ...shop, ...files };
  for (const [file, text] of Object.entries(own)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text.replaceAll("'keyguard'", `'${entry}'`));
  }
  await cp(await installedPackage(), path.join(folder, 'node_modules/keyguard'), { recursive: true });
  for (const [link, target] of Object.entries(links)) await symlink(target, path.join(folder, link));
  await build(folder);
  await writeFile(stamp, now);
  return folder;
}

/** A bundler that leaves `new URL(…, import.meta.url)` as it is: the file has to be copied by hand. */
export const withWasm = (bundler, entry) => ({
  ...bundler,
  async build(folder) {
    await bundler.build(folder);
    const name = 'keyguard.wasm';
    if (entry === 'keyguard/external') await copyFile(path.join(folder, 'node_modules/keyguard', name), path.join(folder, 'dist', name));
  },
});

/** Runs a program of Node's to its end; what it printed on both outputs is in a failure's message. */
export const run = (script, args, cwd, env = {}) => execute(process.execPath, [script, ...args], cwd, env);

/** Runs a program to its end: `{ stdout, stderr }`. */
export async function execute(program, args, cwd, env = {}) {
  const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env }, maxBuffer: 1 << 24 };
  try {
    return await promisify(execFile)(program, args, options);
  } catch (error) {
    throw new Error(`${program}: ${error.message}\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}

const slug = (text) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

async function shopFiles() {
  const folder = path.join(HERE, 'shop');
  const names = await readdir(folder);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')])));
}

/** The package's program, as npm installs it. */
export const scanner = async () => path.join(await installedPackage(), '../.bin/keyguard-scan');

/** The package, installed as a customer does, for each project to take. */
const installedPackage = once(async () => {
  const folder = path.join(BUILDS, 'installed');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "name": "customer", "private": true }\n');
  await execute('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', TARBALL], folder);
  return path.join(folder, 'node_modules/keyguard');
});

/** What all builds are made of: the package, the programs, and the files of this folder. */
const state = once(async () => {
  const hash = createHash('sha256').update(process.version).update(await readFile(TARBALL));
  for (const name of await readdir(HERE, { withFileTypes: true })) {
    if (['build', 'node_modules'].includes(name.name)) continue;
    const below = name.isDirectory() ? await readdir(path.join(HERE, name.name)) : [''];
    for (const file of below.toSorted()) hash.update(await readFile(path.join(HERE, name.name, file)));
  }
  return hash.digest('hex');
});

function once(make) {
  let made;
  return () => (made ??= make());
}
