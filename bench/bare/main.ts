import type { AddressInfo } from 'node:net';
import { callbackRoute } from './callback.js';
import { createPaymentRoute } from './create-payment.js';
import { connect } from './database.js';
import { Deliverer } from './deliveries.js';
import { newServer } from './http.js';
import { loginRoute } from './login.js';
import { meRoute } from './me.js';
import { Notifier, type SendOrder } from './notifications.js';
import { refreshRoute } from './refresh.js';
import { readSettings } from './settings.js';
import { WechatPay } from './wechat-pay.js';

// The smallest honest rival, started by the bench: node:http, pg, undici, node:crypto, and nothing of the server's code.
const settings = readSettings(process.env);
const run = connect(settings.databaseUrl, settings.poolSize);
const pay = new WechatPay(settings);
const server = newServer({
  'POST /v1/auth/login': loginRoute(settings, run),
  'POST /v1/auth/refresh': refreshRoute(run),
  'GET /v1/me': meRoute(run),
  'POST /v1/payments': createPaymentRoute(settings, run, pay),
  [`POST /callbacks/${settings.merchant.accountId}`]: callbackRoute(settings, run, pay),
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}` });
});
const deliverer = new Deliverer(settings.appId, run);
const notifier = new Notifier(settings, run);
process.on('message', ({ deliver, notify }: { deliver?: readonly string[]; notify?: SendOrder }) => {
  const done = (): void => void process.send?.({ done: true });
  if (deliver) void deliverer.deliver(deliver).then(done);
  if (notify) void notifier.send(notify).then(done);
});
process.once('disconnect', () => process.exit(0));
