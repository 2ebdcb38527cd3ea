// What stands at an upstream's origin: hands each request on as it came to the verifier that is behind it at the time, and keeps it.

import http from 'node:http';

import { playUpstream } from '../edge/harness.mjs';

/** Starts it, with nothing behind it yet. */
export async function startFront() {
  const received = [];
  /** Per upstream, the requests that it has not answered yet. */
  const open = new Map();
  const front = await playUpstream((request, response) => {
    const { method, url, rawHeaders } = request;
    received.push({ method, url, assertion: request.headers['keyguard-assertion'] });
    const { behind } = front;
    const { promise, resolve } = Promise.withResolvers();
    open.get(behind).add(promise);
    response.on('close', () => {
      open.get(behind).delete(promise);
      resolve();
    });
    const options = { host: '127.0.0.1', port: behind.port, method, path: url, headers: rawHeaders, agent: false };
    const onward = http.request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  return Object.assign(front, {
    behind: undefined,
    received,
    /** Puts an upstream behind it; the one before ends when it has answered what it was asked. */
    async put(upstream) {
      const before = front.behind;
      open.set(upstream, new Set());
      front.behind = upstream;
      if (before === undefined) return;
      await Promise.all(open.get(before));
      await before.stop();
    },
  });
}
