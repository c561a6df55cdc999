import { z } from 'zod';
import type { Account, AccountBook } from '../core/accounts.js';
import type { Call, World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import { PayError } from './errors.js';
import { orderNumber, readBody, readPathValue, text } from './fields.js';
import { type Order, type OrderBook, type PrepaidOrder, stateOf } from './order-book.js';
import { fingerprintOfOrder, type OrderDraft, orderDraftSchema } from './order-draft.js';
import type { People } from './people.js';
import { transactionOf } from './transaction.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const PAY_WITHIN = 7 * DAY;
/** Of direct merchants. */
const LONGEST_PAY_WITHIN = 90 * DAY;

const REENTRY_DIFFERS = 268498688;
const OUT_OF_DATE = 268447914;

const closeSchema = z.strictObject({ mchid: text(32) });

/** Mini-program orders: place, query, close. */
export class Orders {
  readonly #programs: AccountBook<object, Account>;

  constructor(
    private readonly world: World,
    private readonly book: OrderBook,
    private readonly people: People,
  ) {
    this.#programs = world.accounts('wechat');
  }

  /** Again with the same number and the same parameters it gives the prepay_id that there is. */
  place(call: Call, merchant: Merchant): object {
    const draft = readBody(orderDraftSchema, call.body);
    requireOwn(merchant, draft.mchid, '/mchid');
    const { merchantId: mchid } = merchant;
    const now = this.world.businessNow(merchant);
    const existing = this.book.get(mchid, draft.out_trade_no);
    if (existing) return { prepay_id: this.#again(existing, draft, now).prepayId };

    if (this.book.isDead(mchid, draft.out_trade_no)) throw differs();
    this.#requireBound(draft, merchant);
    return { prepay_id: this.book.withPrepay(orderOf(draft, now), now).prepayId };
  }

  query(call: Call, merchant: Merchant, number: string): object {
    const asked = readPathValue(orderNumber, 'out_trade_no', number);
    requireOwnQuery(call, merchant);
    return this.#view(merchant, this.book.get(merchant.merchantId, asked));
  }

  queryByTransaction(call: Call, merchant: Merchant, transactionId: string): object {
    const asked = readPathValue(text(32), 'transaction_id', transactionId);
    requireOwnQuery(call, merchant);
    const order = this.book.byTransaction(asked);
    return this.#view(merchant, order?.mchid === merchant.merchantId ? order : undefined);
  }

  /** Closes for good; again, it changes nothing. */
  close(call: Call, merchant: Merchant, given: string): undefined {
    const number = readPathValue(orderNumber, 'out_trade_no', given);
    requireOwn(merchant, readBody(closeSchema, call.body).mchid, '/mchid');
    const order = this.book.get(merchant.merchantId, number);
    // Seen on the wire: closing a number that was never ordered succeeds, and the number is used up.
    if (!order) return void this.book.bury(merchant.merchantId, number);
    if (order.isDebit) throw new PayError('TRADE_ERROR', { message: '委托代扣订单不支持关单' });
    const state = stateOf(order, this.world.businessNow(merchant));
    if (state === 'SUCCESS' || state === 'REFUND') throw new PayError('ORDERPAID');
    if (order.state === 'NOTPAY') this.book.set({ ...order, state: 'CLOSED' });
    return undefined;
  }

  #again(order: Order, draft: OrderDraft, now: number): PrepaidOrder {
    if (order.isDebit) throw differs();
    const state = stateOf(order, now);
    if (state === 'CLOSED') throw new PayError('ORDER_CLOSED');
    if (state !== 'NOTPAY') throw new PayError('ORDERPAID');
    if (fingerprintOfOrder(draft) !== order.fingerprint) throw differs();
    if (now > order.payUntil)
      throw new PayError('INVALID_REQUEST', {
        numeric: OUT_OF_DATE,
        message: '订单已过期，请使用新的商户订单号重新下单',
      });
    return this.book.withPrepay(order, now);
  }

  #requireBound({ appid, payer }: OrderDraft, merchant: Merchant): void {
    if (this.#programs.get(appid)?.entity !== merchant.entity) throw new PayError('APPID_MCHID_NOT_MATCH');
    if (payer.identity) throw new PayError('NO_AUTH', { message: '商户号没有实名支付的权限' });
    if (!this.people.isOpenid(appid, payer.openid))
      throw new PayError('PARAM_ERROR', {
        message: 'appid和openid不匹配',
        detail: { field: '/payer/openid', location: 'body', value: payer.openid },
      });
  }

  #view(merchant: Merchant, order: Order | undefined): object {
    if (!order) throw new PayError('ORDER_NOT_EXIST');
    return transactionOf(order, this.world.businessNow(merchant));
  }
}

function orderOf(draft: OrderDraft, now: number): Order {
  const { attach, scene_info: scene, time_expire: until = now + PAY_WITHIN } = draft;
  return {
    mchid: draft.mchid,
    appid: draft.appid,
    number: draft.out_trade_no,
    openid: draft.payer.openid,
    total: draft.amount.total,
    notifyUrl: draft.notify_url,
    ...(attach && { attach }),
    ...(scene?.device_id && { deviceId: scene.device_id }),
    fingerprint: fingerprintOfOrder(draft),
    createdAt: now,
    payUntil: Math.min(Math.max(until, now + MINUTE), now + LONGEST_PAY_WITHIN),
    state: 'NOTPAY',
    refunded: 0,
    refunds: 0,
  };
}

/** The merchant that signs is the one that the request is about. Throws PayError. */
export function requireOwn(merchant: Merchant, mchid: string, field: string): void {
  if (mchid === merchant.merchantId) return;
  throw new PayError('PARAM_ERROR', {
    message: 'http header中的mchid与post payload中的mchid不匹配',
    detail: { field, location: 'body', value: mchid },
  });
}

function requireOwnQuery({ query }: Call, merchant: Merchant): void {
  if (query.mchid === merchant.merchantId) return;
  throw new PayError('PARAM_ERROR', {
    message: query.mchid ? 'http header中的mchid与query中的mchid不匹配' : '缺少参数mchid',
    detail: { field: 'mchid', location: 'query', ...(query.mchid && { value: query.mchid }) },
  });
}

const differs = (): PayError =>
  new PayError('INVALID_REQUEST', { numeric: REENTRY_DIFFERS, message: '请求重入时，参数与首次请求时不一致' });
