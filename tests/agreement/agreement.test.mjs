// A native build and a wasm build of the core, as the edge has it, say the same of each request.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { firstDifference } from "./agreement.mjs";

const { KEYGUARD_NATIVE, KEYGUARD_WASM } = process.env;
const SEED = Number(process.env.KEYGUARD_SEED ?? 1);
const REQUESTS = Number(process.env.KEYGUARD_REQUESTS ?? 100_000);
const CHUNK = 20_000;

const run = promisify(execFile);
const wasm = createRequire(import.meta.url)(KEYGUARD_WASM);

async function native(...words) {
  const { stdout } = await run(KEYGUARD_NATIVE, words.map(String), { maxBuffer: 1 << 24 });
  return stdout.replace(/\n$/, "");
}

const builds = [
  (from, to) => native("digest", SEED, from, to),
  async (from, to) => wasm.digest(SEED, from, to),
];

test(`native and wasm say the same of ${REQUESTS} requests (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  for (let from = 0; from < REQUESTS; from += CHUNK) {
    const number = await firstDifference(builds, from, Math.min(from + CHUNK, REQUESTS));
    if (number !== undefined) {
      assert.equal(wasm.story(SEED, number), await native("story", SEED, number), `request ${number} of seed ${SEED}`);
      assert.fail(`request ${number} of seed ${SEED}: the digests differ and the texts don't`);
    }
  }
});

describe("the search for a difference", () => {
  const differing = (numbers) => [
    async (from, to) => `${from}-${to}`,
    async (from, to) => `${from}-${to}${numbers.filter((number) => number >= from && number < to).map(() => "!")}`,
  ];

  test("finds the first one, wherever it is", async () => {
    for (const first of [0, 1, 6, 7, 12]) {
      assert.equal(await firstDifference(differing([first, 12]), 0, 13), first);
    }
  });

  test("finds none where there is none", async () => {
    assert.equal(await firstDifference(differing([]), 0, 13), undefined);
    assert.equal(await firstDifference(differing([20]), 0, 13), undefined);
    assert.equal(await firstDifference(differing([5]), 5, 5), undefined);
  });
});
