import { AlipayPlatform } from '../../src/platforms/alipay/alipay.platform.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import { Bench } from './bench.js';
import { behavesLikeAMessagePlatform } from './messages.contract.js';

let bench: Bench;
const standing = () => bench;

beforeAll(async () => {
  bench = await Bench.start();
});
afterAll(() => bench.stop());

behavesLikeAMessagePlatform('WeChat', standing, {
  platform: 'wechat',
  platformOver: (http) => new WechatPlatform(http, bench.newTokens(), bench.clock),
  calls: { send: '/cgi-bin/message/subscribe/send', token: '/cgi-bin/stable_token' },
  badValue: '一'.repeat(21),
  busy: 'later',
  codes: { stopped: '48001', tooFast: '45011', unheard: '99123' },
});

behavesLikeAMessagePlatform('Alipay', standing, {
  platform: 'alipay',
  platformOver: (http) => new AlipayPlatform(http),
  calls: { send: 'alipay.open.app.mini.templatemessage.send' },
  badValue: '一'.repeat(51),
  busy: 'unknown',
  codes: { stopped: 'isv.insufficient-isv-permissions', tooFast: 'isv.app-call-limited', unheard: 'NEVER_HEARD_OF' },
});

behavesLikeAMessagePlatform('Douyin', standing, {
  platform: 'douyin',
  platformOver: (http) => new DouyinPlatform(http, bench.newTokens(), bench.clock),
  calls: { send: '/api/notification/v2/subscription/notify_user/', token: '/oauth/client_token/' },
  badValue: '',
  busy: 'later',
  codes: { stopped: '28001018', tooFast: '28006003', unheard: '99123' },
});
