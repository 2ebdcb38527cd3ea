// A customer's TypeScript, under the strictest settings, with the declarations of all libraries checked too.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';

import { installed, project, run } from './harness/project.mjs';

const COMPILERS = { 'TypeScript 5': 'typescript5', 'TypeScript 6': 'typescript6', 'TypeScript 7': 'typescript7' };
const RESOLUTIONS = { bundler: 'esnext', node16: 'node16', nodenext: 'nodenext' };

const CHECKOUT = `
import { KeyGuard, KeyGuardError, type KeyGuardErrorCode, type KeyGuardOptions } from 'keyguard';

const options: KeyGuardOptions = { baseUrl: new URL('https://api.example') };

export async function pay(key: string, amount: number): Promise<unknown> {
  const guard: KeyGuard = await KeyGuard.load(key, options);
  const body = JSON.stringify({ amount, currency: 'EUR' });
  const response = await guard.fetch('/collect/payment_sessions', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  return response.json();
}

export function reason(error: unknown): KeyGuardErrorCode | undefined {
  return error instanceof KeyGuardError ? error.code : undefined;
}

// @ts-expect-error a key is a string
export const loaded = KeyGuard.load(undefined, options);
`;

for (const [name, compiler] of Object.entries(COMPILERS)) {
  test(`${name} takes the types, however it resolves modules`, async () => {
    const folder = await project(name, { files: { 'checkout.ts': CHECKOUT } });
    for (const [moduleResolution, module] of Object.entries(RESOLUTIONS)) {
      const compilerOptions = {
        strict: true, skipLibCheck: false, noEmit: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true,
        target: 'es2022', lib: ['es2022', 'dom', 'dom.iterable'], types: [], module, moduleResolution,
      };
      await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['checkout.ts'] }));
      await run(installed(`${compiler}/bin/tsc`), ['--project', 'tsconfig.json'], folder);
    }
  });
}
