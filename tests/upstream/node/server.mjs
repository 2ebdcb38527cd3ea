// An upstream that answers with whose request it is, or 401.

import { createServer } from 'node:http';

import { verify } from './keyguard.mjs';

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  request.resume();
  try {
    const { account, key_id, kind, mode } = await verify(request);
    answer(200, { account, key_id, kind, mode });
  } catch (error) {
    answer(401, { refused: String(error) });
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
