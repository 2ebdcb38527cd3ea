// A customer's TypeScript, under the strictest settings, with the declarations of all libraries checked too.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { installed, project, run } from './harness/project.mjs';

const COMPILERS = { 'TypeScript 5': 'typescript5', 'TypeScript 6': 'typescript6', 'TypeScript 7': 'typescript7' };
const RESOLUTIONS = { bundler: 'esnext', node16: 'node16', nodenext: 'nodenext' };

const CHECKOUT = `
import { KeyGuard, KeyGuardError, ProblemError, type KeyGuardErrorCode, type KeyGuardOptions } from 'keyguard';

const options: KeyGuardOptions = { baseUrl: new URL('https://api.example') };

export async function pay(key: string, amount: number): Promise<unknown> {
  const guard: KeyGuard = await KeyGuard.load(key, options);
  return guard.json('/collect/payment_sessions', { method: 'POST', json: { amount, currency: 'EUR' } });
}

export function reason(error: unknown): KeyGuardErrorCode | number | undefined {
  if (error instanceof ProblemError) return error.status;
  return error instanceof KeyGuardError ? error.code : undefined;
}

// @ts-expect-error a key is a string
export const loaded = KeyGuard.load(undefined, options);
`;

/** What only runs on a developer's machine. */
const TOOLS = `
import keyguard from 'keyguard/vite';
import forRollup, { type KeyguardPluginOptions } from 'keyguard/rollup';
import { scan, type Finding } from 'keyguard/scan';

const options: KeyguardPluginOptions = { allow: ['0123456789abcdef0123456789abcdef'], vendors: false, severity: 'error', confidence: 'certain' };
export const plugins: readonly { name: string }[] = [keyguard(options), forRollup()];
export const findings: Finding[] = scan(new Uint8Array(1), { confidence: 'possible' });

// @ts-expect-error a list
keyguard({ allow: 'x' });
// @ts-expect-error no such severity
forRollup({ severity: 'high' });
`;

/** Against the types of those who call it. */
const CONFIGURATION = `
import type { Plugin } from 'rollup';
import type { UserConfig } from 'vite';
import type { UserConfig as Older } from 'vite7';
import keyguard from 'keyguard/vite';
import forRollup from 'keyguard/rollup';

export const rollup: Plugin = forRollup();
export const vite: UserConfig = { plugins: [keyguard()] };
export const older: Older = { plugins: [keyguard()] };
`;

for (const [name, compiler] of Object.entries(COMPILERS)) {
  test(`${name} takes the types, however it resolves modules`, async () => {
    const folder = await project(name, { files: { 'checkout.ts': CHECKOUT, 'external.ts': CHECKOUT.replaceAll("'keyguard'", "'keyguard/external'"), 'tools.ts': TOOLS } });
    for (const [moduleResolution, module] of Object.entries(RESOLUTIONS)) {
      const compilerOptions = {
        strict: true, skipLibCheck: false, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true,
        target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], module, moduleResolution,
      };
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['checkout.ts', 'external.ts', 'tools.ts'] }));
      await run(installed(`${compiler}/bin/tsc`), ['--project', 'tsconfig.json'], folder);
    }
  });
}

test('the plugins are what Vite and Rollup take', async () => {
  const compilerOptions = { strict: true, skipLibCheck: true, noEmit: true, target: 'es2022', types: [], module: 'esnext', moduleResolution: 'bundler' };
  const tsconfig = JSON.stringify({ compilerOptions, files: ['vite.config.ts'] });
  const folder = await project('configuration', { files: { 'vite.config.ts': CONFIGURATION, 'tsconfig.json': tsconfig } });
  await run(installed('typescript7/bin/tsc'), ['--project', 'tsconfig.json'], folder);
});
