import { Bench } from './bench.js';
import { SandboxPayments } from './payment-bench.js';
import { alipay, douyin, wechat } from './payment-stands.js';
import { behavesLikeAPaymentPlatform } from './payment.contract.js';
import type { PlatformCall } from './payment-contract/needs.js';

let bench: Bench;
const standing = () => bench;

beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

for (const [name, stand] of [
  ['WeChat Pay', wechat(standing, 'public_key')],
  ['Alipay', alipay('key')],
  ['Douyin', douyin(standing)],
] as const) {
  behavesLikeAPaymentPlatform(name, Object.keys(stand.calls) as PlatformCall[], () =>
    SandboxPayments.open(bench, stand),
  );
}
