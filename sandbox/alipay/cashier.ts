import { SandboxError } from '../core/errors.js';
import { type Action, action, cashierSchema } from '../core/platform.js';
import type { AgreementSigning } from './agreement-signing.js';
import { AlipayError } from './errors.js';
import type { SignCenter } from './sign-center.js';
import { statusOf, type Trade } from './trade.js';
import type { TradePayment } from './trade-payment.js';
import type { Trades } from './trades.js';

/** What the callback of `my.tradePay` gets. */
interface TradePayResult {
  readonly resultCode: '9000' | '6001' | '4000';
  readonly memo?: string;
}

type Outcome = 'pay' | 'cancel' | 'fail';

/** The pages of Alipay's that a mini-program opens on the phone of a person. */
export class Cashier {
  constructor(
    private readonly trades: Trades,
    private readonly payment: TradePayment,
    private readonly signCenter: SignCenter,
    private readonly signing: AgreementSigning,
  ) {}

  readonly act: Action = action(cashierSchema, ({ clientAction: { method, params }, user, outcome, sign }) => {
    if (method === 'tradePay') return this.#tradePay(params, user, outcome, sign);
    if (method === 'paySignCenter') return this.signCenter.visit(params.signStr, user, outcome);
    throw new SandboxError(
      422,
      'client_method_unknown',
      `Alipay's cashier opens with "tradePay" or "paySignCenter", not "${method}"`,
    );
  });

  /** `my.tradePay({tradeNO})`; without `sign` the person takes the tick off the agreement that comes with the trade. */
  #tradePay(
    { tradeNO: tradeNo }: Readonly<Record<string, unknown>>,
    user: string,
    outcome: Outcome,
    sign: boolean,
  ): TradePayResult {
    // The client takes an order string too; nothing here makes one.
    if (typeof tradeNo !== 'string') return refused('tradeNO缺失，注意大小写');
    const trade = this.trades.get(tradeNo);
    if (!trade) return refused('ALI38110：交易不存在');
    if (trade.user !== user) return refused('ALI38110：交易买家不匹配');
    const status = statusOf(trade, this.trades.now(trade));
    if (status === 'TRADE_CLOSED') return refused('ALI38110：交易已经关闭');
    if (status !== 'WAIT_BUYER_PAY') return refused('ALI38110：交易已被支付');
    // It is being debited; nobody opens a page for that.
    if (trade.agreementNo !== undefined) return refused('交易处理中');
    if (outcome === 'cancel') return { resultCode: '6001' };
    if (outcome === 'fail') return refused('支付失败');
    return this.#pay(trade, sign);
  }

  /** When what comes with the trade cannot be signed, nothing is paid either. */
  #pay(trade: Trade, sign: boolean): TradePayResult {
    const { agreement: offer, notifyUrl, platformAppId, user } = trade;
    const program = this.trades.programOf(platformAppId);
    try {
      const opened = offer && sign ? this.signing.open(program, user, offer.draft) : undefined;
      this.payment.pay(trade);
      if (opened) this.signing.sign(opened, offer?.notifyUrl ?? notifyUrl);
      return { resultCode: '9000' };
    } catch (error) {
      if (error instanceof AlipayError) return refused(error.message);
      throw error;
    }
  }
}

const refused = (memo: string): TradePayResult => ({ resultCode: '4000', memo });
