import type { PlatformCode } from '../../platforms/platform.js';
import { giveBack, ofRefund, paidOrder } from './payment-steps.js';
import type { Expected, Scene } from './scene.js';

/** Seconds until a refund has arrived: in the sandbox a minute on WeChat, ten seconds on Douyin, and some in reserve. */
const ARRIVED_S: Readonly<Record<PlatformCode, number>> = { wechat: 120, alipay: 30, douyin: 60 };

/** The call that asks for a refund, and a code with which the platform refuses it for good. */
const REFUSALS: Readonly<Record<PlatformCode, { readonly path: string; readonly code: string }>> = {
  wechat: { path: '/v3/refund/domestic/refunds', code: 'USER_ACCOUNT_ABNORMAL' },
  alipay: { path: 'alipay.trade.refund', code: 'ACQ.TRADE_NOT_ALLOW_REFUND' },
  douyin: { path: '/api/trade_basic/v1/developer/refund_create/', code: '22007' },
};

const refund: Scene['play'] = async (stage, platforms) => giveBack(stage, await paidOrder(stage, platforms));

export const refundCreated: Scene = {
  does: 'your server refunds what a person has paid',
  platforms: ['wechat', 'alipay', 'douyin'],
  play: refund,
};

export const refundPending: Scene = {
  does: 'a refund that the platform has accepted and not yet paid out; Alipay does both at once',
  platforms: ['wechat', 'douyin'],
  play: refund,
};

export const refundSucceeded: Scene = {
  does: 'a refund arrives; on Douyin that takes ten seconds, on WeChat a minute',
  platforms: ['alipay', 'douyin', 'wechat'],
  async play(stage, platforms) {
    const order = await paidOrder(stage, platforms);
    return slowly(order.program.platform, await giveBack(stage, order));
  },
};

export const refundFailed: Scene = {
  does: 'the platform refuses a refund for good',
  platforms: ['alipay', 'wechat', 'douyin'],
  async play(stage, platforms) {
    const order = await paidOrder(stage, platforms);
    const { path, code } = REFUSALS[order.program.platform];
    await stage.fault(order.program, 'code', { direction: 'in', path }, { code });
    return giveBack(stage, order);
  },
};

export const refundActionRequired: Scene = {
  does: "WeChat cannot bring the money to the person's account, which it says after a minute",
  platforms: ['wechat'],
  async play(stage, platforms) {
    const order = await paidOrder(stage, platforms);
    const { path } = REFUSALS.wechat;
    await stage.fault(order.program, 'code', { direction: 'in', path }, { code: 'REFUND_ABNORMAL' });
    const expected = await giveBack(stage, order);
    stage.say('WeChat says after a minute that it could not');
    return slowly('wechat', expected);
  },
};

export const refundRejected: Scene = {
  does: 'a person asks Douyin for the money back, and your server says no',
  platforms: ['douyin'],
  async play(stage, platforms) {
    const { payment, program, person } = await paidOrder(stage, platforms);
    const number = payment.attempts[0]?.number;
    await stage.sandbox('refund', { platform: program.platform, number, by: 'user' });
    const { data } = await stage.until('refund.created', { streamId: payment.id });
    const refundId = String(data['refundId']);
    stage.say(`${person.name} asks for the money back: ${refundId}`);
    await stage.ask(`/v1/refunds/${refundId}/reject`, { body: { reason: 'It was drunk already.' } });
    stage.say('Your server says no');
    return slowly(program.platform, ofRefund(payment, refundId));
  },
};

const slowly = (platform: PlatformCode, expected: Expected): Expected => ({
  ...expected,
  seconds: ARRIVED_S[platform],
});
