// Bundles the package's modules: node --eval CODE ESBUILD STAGING OUT
const { createHash } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const [esbuild, staging, outdir] = process.argv.slice(1);
const { buildSync } = require(esbuild);

/** A file's digest, as Subresource Integrity writes it. */
const digest = (name) => `sha384-${createHash('sha384').update(readFileSync(path.join(outdir, name))).digest('base64')}`;

// What loads the wasm checks it.
writeFileSync(path.join(staging, 'integrity.js'), `export default '${digest('keyguard.wasm')}';\n`);

const common = { absWorkingDir: staging, bundle: true, target: 'es2022', minify: true, legalComments: 'none', logLevel: 'warning' };
buildSync({ ...common, entryPoints: ['index.js', 'external.js'], outdir, format: 'esm' });
buildSync({ ...common, entryPoints: ['index.js'], outfile: path.join(outdir, 'keyguard.min.js'), format: 'iife', globalName: 'keyguard' });

const files = ['index.js', 'external.js', 'keyguard.wasm', 'keyguard.min.js'];
writeFileSync(path.join(outdir, 'sri.json'), JSON.stringify(Object.fromEntries(files.map((name) => [name, digest(name)])), null, 2) + '\n');
