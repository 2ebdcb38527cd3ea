// Hono's own bearerAuth, with the store asked for every request.
import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';

import { forward, recordOf } from './guarding.mjs';

const app = new Hono();

app.use(
  bearerAuth({
    verifyToken: async (token, context) => {
      const { record } = await recordOf(token, context.env);
      context.set('record', record);
      return record !== undefined;
    },
  }),
);
app.all('*', (context) => forward(context.req.raw, context.get('record'), context.env));

export default app;
