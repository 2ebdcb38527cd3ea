// Clients that leave, or stop, at each moment.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';

/** Sends the head of a request with a body of which only the beginning follows. */
async function begin(stage, key, { body = '' } = {}) {
  const socket = net.connect(stage.edge.port, '127.0.0.1').on('error', () => {});
  const lines = stage.headers(key).map(([name, value]) => `${name}: ${value}`);
  const first = body ? 'POST /pay HTTP/1.1' : 'GET /pay HTTP/1.1';
  if (body) lines.push('Content-Length: 1000000');
  socket.write([first, 'Host: 127.0.0.1', ...lines, '', body].join('\r\n'));
  return socket;
}

/** Leaves at a moment of the upstream's choice, and waits until the call to it ends. */
const leaves = (how, options) => ({
  how: async (stage, key) => {
    const verdicts = stage.edge.lines.all.length;
    let ended;
    const moment = new Promise((resolve) => {
      stage.upstream.how = (request, response) => {
        // Not `once` of events, which takes an error for the end of the test: a connection that ends badly ends.
        ended = new Promise((close) => request.socket.once('close', close));
        how(request, response, resolve);
      };
    });
    const socket = await begin(stage, key, options);
    const clientReads = once(socket, 'data');
    if ((await moment) === 'once it reads') await clientReads;
    socket.resetAndDestroy();
    await ended;
    // It ended since the client left, not since the time was over.
    const since = stage.edge.lines.all.slice(verdicts).join('\n');
    assert.ok(!since.includes('upstream-timeout'), since);
    return 'upstream told';
  },
});

export const clientFaults = {
  'leaves while it sends': leaves((request, _, leave) => request.once('data', leave), { body: 'x'.repeat(1000) }),
  'leaves while it waits': leaves((_, __, leave) => leave()),
  'leaves while it receives': leaves((_, response, leave) => {
    response.write('fine so far');
    leave('once it reads');
  }),
  'stops sending and stays': {
    how: async (stage, key) => {
      stage.upstream.how = (request) => request.resume();
      const socket = await begin(stage, key, { body: 'x' });
      let answer = '';
      while (!answer.includes('"code"')) answer += (await once(socket, 'data'))[0];
      socket.destroy();
      return `${/^HTTP\/1\.1 (\d+)/.exec(answer)[1]} ${/"code":"([^"]+)"/.exec(answer)[1]}`;
    },
  },
};
