// What is deployed is wrong, or another version is beside this one on the same store.

import { readFileSync } from 'node:fs';

import { secretKeys, storeName } from '../harness.mjs';

const SECRETS = `k1:${'A'.repeat(43)}`;

/** Answers in the deployment that `change` makes of the usual one; then the usual one is deployed again. */
const deployed = (change) => ({
  how: async (stage, key) => {
    await stage.deploy({ ...stage.usual, ...change(stage) });
    try {
      return await stage.ask(key);
    } finally {
      await stage.deploy(stage.usual);
    }
  },
});
const policy = (fields) => deployed((stage) => ({ policy: { ...stage.policy, ...fields } }));

export const deploymentFaults = {
  'no policy': deployed(() => ({ policy: undefined })),
  'a policy that is no JSON': deployed(() => ({ policy: '{ "upstream": ' })),
  'a policy with a value that makes no sense': policy({ memory_ttl: -1 }),
  "a newer policy: a field that this edge doesn't know": policy({ refuse_everything_from: 'mars' }),
  'an older policy: only the fields of the first version': deployed(
    ({ policy: { upstream, routes, allow_http_on_loopback } }) => ({ policy: { upstream, routes, allow_http_on_loopback } }),
  ),
  'no store': deployed(() => ({ store: null })),
  'no limiter of that name': policy({
    rates: { tiers: [{ name: 'played', binding: 'RATE_OTHER', limit: 1, period: 60 }] },
  }),
  'assertion secrets that are none': deployed(() => ({ vars: { ASSERTION_SECRETS: `${SECRETS},k2:short` } })),
  'no assertion secrets where they are required': policy({ assertion: 'required' }),
};

const written = (of) => ({
  how: (stage, key) => {
    stage.put(key, JSON.stringify(of(key.record)));
    return stage.ask(key);
  },
});

/** A key of an older build, with the entry that it wrote: tests/accounts/versions. */
const older = (name) => {
  const { keys, store } = JSON.parse(readFileSync(new URL(`../../accounts/versions/${name}.json`, import.meta.url), 'utf8'));
  const texts = Object.fromEntries(keys.map(({ what, prefix, body }) => [what, `${prefix}_${body}`]));
  return {
    how: async (stage, { key: own, isHot }) => {
      const key = texts[own.startsWith('sk_') ? 'the secret key in its place' : 'a publishable key from elsewhere'];
      if (own.startsWith('sk_')) secretKeys.add(key);
      const one = { key, entry: store.find(([entry]) => entry === storeName(key)) };
      stage.put(one, one.entry[1]);
      if (isHot) await stage.ask(one);
      // There is but one of it, which another cell may have used.
      else await stage.deploy(stage.usual);
      return stage.ask(one);
    },
  };
};

export const recordFaults = {
  'wrote the record before keys could be exposed': older('issuing'),
  'wrote the record before this one': older('exposing'),
  'wrote a record with fields that are new': written((record) => ({ ...record, colour: { a: [1] }, tier: null, flags: 7 })),
  'wrote a record with the least of fields': written(({ v, id, account, kind, mode, created_at }) =>
    ({ v, id, account, kind, mode, created_at })),
  'wrote a record of `v: 2`': { ...written((record) => ({ ...record, v: 2 })), leaves: 'refused' },
};
