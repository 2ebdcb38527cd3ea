// All that the tests of the edge share.

export * from './harness/bare.mjs';
export * from './harness/edge.mjs';
export * from './harness/keys.mjs';
export * from './harness/refusal.mjs';
export * from './harness/upstream.mjs';
export * from './harness/wire.mjs';
