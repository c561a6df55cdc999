import { generateKeyPairSync } from 'node:crypto';
import { AlipayPlatform } from '../../src/platforms/alipay/alipay.platform.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import { Bench } from './bench.js';
import { behavesLikeALoginPlatform } from './login.contract.js';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

behavesLikeALoginPlatform(
  'wechat',
  () => bench,
  (http) => new WechatPlatform(http, bench.newTokens(), bench.clock),
  () => ({ secret: 'wrong' }),
);

behavesLikeALoginPlatform(
  'alipay',
  () => bench,
  (http) => new AlipayPlatform(http),
  (credentials) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return { ...credentials, appPrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  },
);

behavesLikeALoginPlatform(
  'douyin',
  () => bench,
  (http) => new DouyinPlatform(http, bench.newTokens(), bench.clock),
  (credentials) => ({ ...credentials, secret: 'wrong' }),
);
