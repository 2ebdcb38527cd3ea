// Faults of the store.

import { setTimeout as sleep } from 'node:timers/promises';

import { recordOf } from '../harness.mjs';

const played = (how) => ({
  how: (stage, key) => {
    stage.store.how = (request, response) => how(request, response, key);
    return stage.ask(key);
  },
});
const answers = (value) => played((_, response, key) => response.end(value(key)));
const status = (code) => played((_, response) => response.writeHead(code).end('broken'));

export const storeFaults = {
  'throws at once': { how: (stage, key) => stage.ask(key, { standIn: { store: 'throws' } }) },
  'fails with 500': status(500),
  'limits us with 429': status(429),
  'refuses connections': {
    how: async (stage, key) => {
      await stage.store.refuse();
      return stage.ask(key);
    },
  },
  'resets the connection': played((request) => request.socket.resetAndDestroy()),
  hangs: played(() => {}),
  'stops within its answer': played((_, response, { entry }) =>
    response.writeHead(200, { 'content-length': '1000' }).write(entry[1])),
  'is slow, within its time limit': played(async (_, response, { entry }) => {
    await sleep(200);
    response.end(entry[1]);
  }),
  'answers an empty text': answers(() => ''),
  'answers `null`': answers(() => 'null'),
  'answers a number': answers(() => '1'),
  'answers text that is no JSON': answers(() => '<!doctype html><title>Bad gateway</title>'),
  'answers bytes that are no text': answers(() => Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28])),
  'answers half a record': answers(({ entry }) => entry[1].slice(0, entry[1].length / 2)),
  'answers a list with the record in it': answers(({ record }) => JSON.stringify([record])),
  'answers a record without its account': answers(({ record }) => JSON.stringify({ ...record, account: undefined })),
  'answers a record with a time that is none': answers(({ record }) => JSON.stringify({ ...record, expires_at: 'soon' })),
  'answers a megabyte of brackets': answers(() => '['.repeat(1 << 20)),
  'answers the record of another kind of key': {
    ...answers(({ key }) => JSON.stringify(recordOf(key.startsWith('sk_') ? 'pk_test_' : 'sk_test_'))),
    // What the store said is remembered, and was wrong: nothing can be told of this key until then.
    leaves: 'remembered',
  },
  "is stale: doesn't know of a revocation": {
    how: (stage, key) => {
      const revoked = { ...key.record, revoked: { at: key.record.created_at } };
      stage.store.how = (_, response) => response.end(key.entry[1]);
      stage.put(key, JSON.stringify(revoked));
      return stage.ask(key);
    },
    leaves: 'remembered',
  },
  'is stale: a cached miss': {
    ...played((_, response) => response.writeHead(404).end()),
    // Past `memory_ttl_unknown` it is asked for again.
    recovers: () => sleep(1100),
  },
};
