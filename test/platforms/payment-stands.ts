import { AlipayPlatform } from '../../src/platforms/alipay/alipay.platform.js';
import { DouyinPlatform } from '../../src/platforms/douyin/douyin.platform.js';
import { WechatPlatform } from '../../src/platforms/wechat/wechat.platform.js';
import type { Bench } from './bench.js';
import type { PaymentStand } from './payment-bench.js';

/** WeChat Pay for a merchant that it signs for in this way. */
export const wechat = (bench: () => Bench, verification: 'public_key' | 'certificate' | 'migrating'): PaymentStand => ({
  platform: 'wechat',
  platformOver: (http) => new WechatPlatform(http, bench().newTokens(), bench().clock),
  console: { merchant: { verification } },
  calls: {
    submit: '/v3/pay/transactions/jsapi',
    query: '/v3/pay/transactions/out-trade-no/{out_trade_no}',
    close: '/v3/pay/transactions/out-trade-no/{out_trade_no}/close',
    refund: '/v3/refund/domestic/refunds',
    queryRefund: '/v3/refund/domestic/refunds/{out_refund_no}',
  },
  signatureHeaders: ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature', 'wechatpay-serial'],
  isPaid: ({ errMsg }) => errMsg === 'requestPayment:ok',
});

export const alipay = (mode: 'key' | 'certificate'): PaymentStand => ({
  platform: 'alipay',
  platformOver: (http) => new AlipayPlatform(http),
  console: { program: { mode, notifications: ['TRADE_SUCCESS', 'TRADE_CLOSED'] } },
  calls: {
    submit: 'alipay.trade.create',
    query: 'alipay.trade.query',
    close: 'alipay.trade.close',
    refund: 'alipay.trade.refund',
    queryRefund: 'alipay.trade.fastpay.refund.query',
  },
  // All of it is in the form.
  signatureHeaders: [],
  isPaid: ({ resultCode }) => resultCode === '9000',
});

export const douyin = (bench: () => Bench): PaymentStand => ({
  platform: 'douyin',
  platformOver: (http) => new DouyinPlatform(http, bench().newTokens(), bench().clock),
  // The client places an order, and its own end closes it.
  calls: {
    query: '/api/trade_basic/v1/developer/order_query/',
    refund: '/api/trade_basic/v1/developer/refund_create/',
    queryRefund: '/api/trade_basic/v1/developer/refund_query/',
  },
  signatureHeaders: ['byte-timestamp', 'byte-nonce-str', 'byte-signature'],
  isPaid: ({ errMsg }) => errMsg === 'getOrderPayment:ok',
});
