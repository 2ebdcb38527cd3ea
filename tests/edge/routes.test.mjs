// Step 9: which method and path a key of this kind, mode and scope may use.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { assertRefused, policyFor, seed, startEdges, startUpstream, stopAll } from './harness.mjs';

const keys = {
  publishable: { live: seed('publishable', 'live'), test: seed('publishable', 'test') },
  secret: { live: seed('secret', 'live'), test: seed('secret', 'test') },
};
const scoped = seed('publishable', 'test', { scopes: ['sessions'] });
const unscoped = seed('publishable', 'test', { scopes: [] });
const confined = seed('secret', 'test', { scopes: ['reports'] });

const routes = [
  { method: 'POST', path: '/collect/payment_sessions', scope: 'sessions' },
  { method: 'GET', path: '/items' },
  { method: 'GET', path: '/items/{id}' },
  { method: 'HEAD', path: '/headed' },
  { method: 'GET', path: '/testing', modes: ['test'] },
  { method: 'GET', path: '/both', kinds: ['publishable', 'secret'], scope: 'both' },
  { method: 'GET', path: '/reports', kinds: ['secret'], scope: 'reports' },
];

let upstream, edge, testing, closed;

before(async () => {
  upstream = await startUpstream();
  const seeds = [...Object.values(keys.publishable), ...Object.values(keys.secret), scoped, unscoped, confined];
  [edge, testing, closed] = await startEdges([
    { policy: policyFor(upstream.origin, { routes }), seeds },
    { policy: policyFor(upstream.origin, { routes, upstream: { test: upstream.origin } }) },
    { policy: policyFor(upstream.origin, { routes: [] }) },
  ]);
});
afterEach(() => upstream.clear());
after(() => stopAll(edge, upstream));

/** Per row: key, method, path, whether it is permitted. */
function table(rows, through = () => edge) {
  for (const [name, key, method, target, isPermitted] of rows) {
    test(`${name}: ${method} ${target} ${isPermitted ? 'passes' : 'is refused'}`, async () => {
      const response = await through().sendAs(key, { method, target });
      const received = await upstream.received();
      if (isPermitted) {
        assert.deepEqual(
          received.map((one) => `${one.method} ${one.url}`),
          [`${method} ${target}`],
          response.text,
        );
      } else {
        assert.deepEqual(received, []);
        // The answer to HEAD has no body to read.
        if (method === 'HEAD') assert.equal(response.status, 403);
        else assertRefused(response, 'insufficient-scope');
      }
    });
  }
}

describe('publishable keys may use listed routes alone', () => {
  const key = keys.publishable.test;
  table([
    ['listed', key, 'POST', '/collect/payment_sessions', true],
    ['listed', keys.publishable.live, 'POST', '/collect/payment_sessions', true],
    ['with a query', key, 'GET', '/items?page=2', true],
    ['parameter', key, 'GET', '/items/1', true],
    ['another path', key, 'GET', '/refunds', false],
    ['a longer path', key, 'GET', '/items/1/2', false],
    ['a slash more', key, 'GET', '/items/', false],
    ['another method', key, 'POST', '/items', false],
    ['another method', key, 'GET', '/collect/payment_sessions', false],
    ['another method', key, 'DELETE', '/items/1', false],
    ['a prefix', key, 'GET', '/item', false],
    ['the root', key, 'GET', '/', false],
    ["a secret key's route", key, 'GET', '/reports', false],
  ]);
});

describe('HEAD and OPTIONS are not implied by GET', () => {
  const key = keys.publishable.test;
  table([
    ['HEAD', key, 'HEAD', '/items', false],
    ['OPTIONS', key, 'OPTIONS', '/items', false],
    ['HEAD where listed', key, 'HEAD', '/headed', true],
    ['GET is not implied by HEAD', key, 'GET', '/headed', false],
  ]);
});

describe('modes', () => {
  table([
    ['its own', keys.publishable.test, 'GET', '/testing', true],
    ['the other', keys.publishable.live, 'GET', '/testing', false],
  ]);
});

describe('a mode that the policy does not serve', () => {
  table(
    [
      ['served', keys.secret.test, 'GET', '/anything', true],
      ['not served', keys.secret.live, 'GET', '/anything', false],
      ['not served', keys.publishable.live, 'GET', '/items', false],
    ],
    () => testing,
  );
});

describe('secret keys pass where no route is for them', () => {
  table([
    ['unlisted', keys.secret.test, 'GET', '/refunds', true],
    ['unlisted', keys.secret.live, 'DELETE', '/refunds/1', true],
    ['a route of publishable keys', keys.secret.test, 'POST', '/collect/payment_sessions', true],
    ['their own', keys.secret.test, 'GET', '/reports', true],
    ['HEAD', keys.secret.test, 'HEAD', '/items', true],
  ]);
});

describe('scopes', () => {
  table([
    ["the route's", scoped, 'POST', '/collect/payment_sessions', true],
    ['another', scoped, 'GET', '/both', false],
    ['a route without one', scoped, 'GET', '/items', true],
    ['none of them', unscoped, 'POST', '/collect/payment_sessions', false],
    ["the route's", confined, 'GET', '/reports', true],
    ['another', confined, 'GET', '/both', false],
    ['another, for a server that overlooks case', confined, 'GET', '/BOTH', false],
    ['another, for a server that overlooks a slash at the end', confined, 'GET', '/both/', false],
    ['another, for a server that answers HEAD as GET', confined, 'HEAD', '/both', false],
    ["the route's, by a path that is none's", confined, 'GET', '/Reports/', true],
    ['any, where no scope is asked for', confined, 'PUT', '/both', true],
  ]);
});

describe('without any route', () => {
  table(
    [
      ['a publishable key may do nothing', keys.publishable.test, 'GET', '/items', false],
      ['a secret key everything', keys.secret.test, 'GET', '/items', true],
    ],
    () => closed,
  );
});
