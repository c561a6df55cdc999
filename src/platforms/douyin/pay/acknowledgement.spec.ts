import { toFen } from '../../../common/money.js';
import type { CallbackContent, HttpReply, PlatformCallback } from '../../callback.js';
import { acknowledge } from './acknowledgement.js';

const aCallback = (content: CallbackContent = { kind: 'other' }): PlatformCallback => ({
  deduplicationKey: 'k',
  type: 't',
  content,
});
const aRequest = aCallback({
  kind: 'refund_request',
  platformRefundId: 'motr1',
  paymentNumber: 'abcdefghijklmnopqrstuvwxyz',
  amount: toFen(100),
  reason: null,
  needsDecision: true,
  decideBefore: null,
});
const number = 'zyxwvutsrqponmlkjihgfedcba';
const said = ({ status, body, contentType }: HttpReply): unknown => {
  expect(contentType).toBe('application/json');
  return { status, ...(JSON.parse(body) as object) };
};

test('what was stored is acknowledged in the two fields that Douyin wants', () => {
  const expected = { status: 200, err_no: 0, err_tips: 'success' };
  expect(said(acknowledge({ kind: 'accepted', callback: aCallback() }))).toEqual(expected);
  expect(said(acknowledge({ kind: 'accepted', callback: aRequest }))).toEqual(expected);
});

test('a refund request gets our number and the page of the refund', () => {
  const settings = { orderPath: 'pages/mine/order', refundPath: 'pages/mine/refund' };
  const params = `{"number":"${number}"}`;
  const answer = (over: object = {}): unknown =>
    said(acknowledge({ kind: 'accepted', callback: aRequest, refundNumber: number, ...over }));
  const with_ = (data: object): object => ({ status: 200, err_no: 0, err_tips: 'success', data });

  expect(answer({ settings, notifyUrl: 'https://pay.example.com/callbacks/pac_1' })).toEqual(
    with_({
      out_refund_no: number,
      order_entry_schema: { path: 'pages/mine/refund', params },
      notify_url: 'https://pay.example.com/callbacks/pac_1',
    }),
  );
  expect(answer({ settings: { orderPath: 'pages/mine/order' } })).toEqual(
    with_({ out_refund_no: number, order_entry_schema: { path: 'pages/mine/order', params } }),
  );
  expect(answer()).toEqual(
    with_({ out_refund_no: number, order_entry_schema: { path: 'pages/order/detail', params } }),
  );
});

test('what was not stored is sent again, what is not believed is told so', () => {
  expect(said(acknowledge({ kind: 'retry' }))).toMatchObject({ status: 500, err_no: 1 });
  expect(said(acknowledge({ kind: 'refused' }))).toMatchObject({ status: 401, err_no: 2 });
});
