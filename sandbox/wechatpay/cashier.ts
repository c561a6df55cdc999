import type { z } from 'zod';
import type { AccountBook } from '../core/accounts.js';
import { SandboxError } from '../core/errors.js';
import type { cashierSchema, World } from '../core/platform.js';
import type { Authorization, Merchant } from './authorization.js';
import type { PayCredentials } from './merchant-console.js';
import type { Notifications } from './notifications.js';
import { newTransactionId } from './numbers.js';
import { type Order, type OrderBook, stateOf } from './order-book.js';
import type { ContractOrders } from './papay-contract-orders.js';
import type { ContractPage } from './papay-page.js';
import type { People } from './people.js';
import { payMessage, verifyRsa } from './signatures.js';
import { transactionOf } from './transaction.js';
import { signV2 } from './v2-signature.js';

type Visit = z.output<typeof cashierSchema>;

const NAMES = ['timeStamp', 'nonceStr', 'package', 'signType', 'paySign'] as const;
type Parameters = Record<(typeof NAMES)[number], string>;
const PREPAY = 'prepay_id=';

/** What `wx.requestPayment` gives to its callback. */
interface Result {
  readonly errMsg: string;
}

export interface CashierNeeds {
  readonly world: World;
  readonly orders: OrderBook;
  readonly authorization: Authorization;
  readonly notifications: Notifications;
  readonly people: People;
  readonly contractOrders: ContractOrders;
  readonly page: ContractPage;
}

/** The payment sheet, and the way to the contract page, on a person's phone. */
export class Cashier {
  readonly #merchants: AccountBook<PayCredentials, Merchant>;

  constructor(private readonly needs: CashierNeeds) {
    this.#merchants = needs.world.merchants('wechat');
  }

  /** Opens the sheet as the client would, refusals included; then the person does what `outcome` says. */
  readonly visit = (visit: Visit): object => {
    const { clientAction, user, outcome, sign } = visit;
    if (clientAction.method === 'navigateToMiniProgram') return this.needs.page.visit(visit);
    if (clientAction.method !== 'requestPayment')
      throw new SandboxError(422, 'method_unknown', `WeChat's client has no payment method "${clientAction.method}"`);
    const opened = this.#open(clientAction.params, user);
    if ('errMsg' in opened) return opened;
    if (outcome === 'cancel') return failed('cancel');
    if (outcome === 'fail') return failed('银行卡可用余额不足');
    this.#pay(opened.order, opened.merchant, sign);
    return { errMsg: 'requestPayment:ok' };
  };

  #open(params: Readonly<Record<string, unknown>>, user: string): { order: Order; merchant: Merchant } | Result {
    const mistyped = NAMES.find((name) => typeof params[name] !== 'string');
    if (mistyped)
      return failed(
        `parameter error: parameter.${mistyped} should be String instead of ${typeName(params[mistyped])};`,
      );
    const { timeStamp, nonceStr, package: prepay, signType, paySign } = params as Parameters;
    const given = { timeStamp, nonceStr, package: prepay, signType, paySign };
    if (!given.package.startsWith(PREPAY) || given.nonceStr.length > 32) return failed('支付验证签名失败');
    const now = (one: Order): number => this.needs.world.businessNow(this.#merchants.require(one.mchid));
    const order = this.needs.orders.byPrepay(given.package.slice(PREPAY.length), now);
    if (!order) return failed('该订单已过期，请重新下单');

    const merchant = this.#merchants.require(order.mchid);
    if (!this.#isSigned(given, order, merchant)) return failed('支付验证签名失败');
    if (this.needs.people.openidOf(order.appid, user) !== order.openid)
      return failed('下单账号与支付账号不一致，请核实后再支付');
    return refusalOf(order, now(order)) ?? { order, merchant };
  }

  /** As the order was: what an order of v2 signs in its style, no other order does. */
  #isSigned({ paySign, ...given }: Parameters, { appid, v2 }: Order, merchant: Merchant): boolean {
    if (given.signType !== (v2?.signType ?? 'RSA')) return false;
    if (v2) return paySign === signV2({ appId: appid, ...given }, merchant.credentials.apiV2Key, v2.signType);
    const message = payMessage(appid, given.timeStamp, given.nonceStr, given.package);
    return verifyRsa(message, paySign, this.needs.authorization.publicKey(merchant));
  }

  #pay(order: Order, merchant: Merchant, sign: boolean): void {
    const at = this.needs.world.businessNow(merchant);
    const paid = this.needs.orders.pay(order, { transactionId: newTransactionId(at), at });
    if (paid.v2) return this.needs.contractOrders.paid(paid, merchant, sign);
    this.needs.notifications.send(merchant, paid.notifyUrl, {
      type: 'TRANSACTION.SUCCESS',
      originalType: 'transaction',
      summary: '支付成功',
      content: transactionOf(paid, at),
    });
  }
}

function refusalOf(order: Order, now: number): Result | undefined {
  const state = stateOf(order, now);
  if (state === 'CLOSED') return failed('该订单已关闭，请重新下单');
  if (state !== 'NOTPAY') return failed('该订单已支付');
  return now > order.payUntil ? failed('该订单已过期，请重新下单') : undefined;
}

const failed = (detail: string): Result => ({ errMsg: `requestPayment:fail ${detail}` });

/** As the client names types. */
const typeName = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
