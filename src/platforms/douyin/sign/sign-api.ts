import type { ZodType } from 'zod';
import { OPEN_DOUYIN, type DouyinEndpoint } from '../api.js';
import { TRADE_ERRORS } from '../pay/pay.errors.js';
import { Nothing } from '../pay/pay.wire.js';
import { SignOrder, SignPay, SignPayCreate, SignRefundCreate, SignRefundQuery } from './sign.wire.js';

/** A call of periodic deduction. It shares its codes with general trade, as far as they are documented. */
const call = <Data>(name: string, data: ZodType<Data>): DouyinEndpoint<Data> => ({
  origin: OPEN_DOUYIN,
  path: `/api/trade_auth/v1/developer/${name}/`,
  operation: name,
  data,
  errors: TRADE_ERRORS,
});

export const SIGN_ORDER_QUERY = call('query_sign_order', SignOrder);
export const TERMINATE_SIGN = call('terminate_sign', Nothing);
export const SIGN_PAY_CREATE = call('create_sign_pay', SignPayCreate);
export const SIGN_PAY_QUERY = call('query_sign_pay', SignPay);
export const SIGN_REFUND_CREATE = call('create_sign_refund', SignRefundCreate);
export const SIGN_REFUND_QUERY = call('query_sign_refund', SignRefundQuery);
