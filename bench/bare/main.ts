import type { AddressInfo } from 'node:net';
import { connect } from './database.js';
import { newServer } from './http.js';
import { loginRoute } from './login.js';
import { meRoute } from './me.js';
import { refreshRoute } from './refresh.js';
import { readSettings } from './settings.js';

// The smallest honest rival, started by the bench: node:http, pg, undici, node:crypto, and nothing of the server's code.
const settings = readSettings(process.env);
const run = connect(settings.databaseUrl, settings.poolSize);
const server = newServer({
  'POST /v1/auth/login': loginRoute(settings, run),
  'POST /v1/auth/refresh': refreshRoute(run),
  'GET /v1/me': meRoute(run),
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}` });
});
process.once('disconnect', () => process.exit(0));
