// Faults of the upstream.

const played = (how) => ({
  how: (stage, key) => {
    stage.upstream.how = how;
    return stage.ask(key);
  },
});
const status = (code, text) => played((_, response) => response.writeHead(code).end(text));

export const upstreamFaults = {
  'refuses connections': {
    how: async (stage, key) => {
      await stage.upstream.refuse();
      return stage.ask(key);
    },
  },
  'resets before its headers': played((request) => request.socket.resetAndDestroy()),
  'resets within its headers': played((request) =>
    request.socket.write('HTTP/1.1 200 OK\r\nContent-Ty', () => request.socket.resetAndDestroy())),
  'resets after its headers': {
    how: async (stage, key) => {
      let reset;
      stage.upstream.how = (request, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('fine so far');
        reset = () => request.socket.resetAndDestroy();
      };
      const response = await stage.fetch(key);
      reset();
      const body = await response.text().then(() => 'whole', () => 'cut');
      return `${response.status} ${body}`;
    },
  },
  'is silent': played(() => {}),
  'stops within its headers': played((request) => request.socket.write('HTTP/1.1 200 OK\r\nContent-Ty')),
  'sends headers without end': played((request) => {
    const { socket } = request;
    socket.write('HTTP/1.1 200 OK\r\n');
    const more = () => {
      if (!socket.destroyed) socket.write(`X-${'a'.repeat(60)}: ${'b'.repeat(8000)}\r\n`, () => setImmediate(more));
    };
    more();
  }),
  'sends a body without end': {
    how: async (stage, key) => {
      let ended;
      stage.upstream.how = (request, response) => {
        ended = new Promise((close) => request.socket.once('close', close));
        const more = () => {
          if (!request.socket.destroyed) response.write('x'.repeat(16_384), () => setImmediate(more));
        };
        more();
      };
      const leave = new AbortController();
      const response = await stage.fetch(key, { signal: leave.signal });
      const reader = response.body.getReader();
      for (let index = 0; index < 5; index += 1) await reader.read();
      leave.abort();
      await ended;
      return `${response.status} streamed`;
    },
  },
  'answers what is no HTTP': played((request) => request.socket.end('nonsense\r\n\r\n')),
  'sends 100 and 103 first': played((_, response) => {
    response.writeContinue();
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('fine');
  }),
  'switches protocols unasked': played((request) =>
    request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n')),
  'answers 204': status(204),
  'answers 304': status(304),
  'answers 500': status(500, 'its own'),
  'answers 503': status(503, 'its own'),
};
