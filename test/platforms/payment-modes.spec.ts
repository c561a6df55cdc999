import { Bench } from './bench.js';
import { SandboxPayments } from './payment-bench.js';
import { alipay, wechat } from './payment-stands.js';
import { behavesLikeAPaymentPlatform } from './payment.contract.js';
import type { PlatformCall } from './payment-contract/needs.js';

let bench: Bench;
const standing = () => bench;

beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

for (const [name, stand] of [
  ['WeChat Pay by certificates', wechat(standing, 'certificate')],
  ['WeChat Pay from certificates to the key', wechat(standing, 'migrating')],
  ['Alipay by certificate', alipay('certificate')],
] as const) {
  behavesLikeAPaymentPlatform(name, Object.keys(stand.calls) as PlatformCall[], () =>
    SandboxPayments.open(bench, stand),
  );
}
