import type { ClientAction } from '../../payment-platform.js';

/** Docs: 2 is periodic deduction, 1 a deposit on credit. */
const PERIODIC = 2;

/**
 * The client makes the contract of what was signed, then opens the page on which the person signs it, and pays where the
 * data has a payment. Only Douyin's apps on Android know these functions: `tt.canIUse('createSignOrder')`.
 */
export const signAction = (
  signed: { readonly data: string; readonly byteAuthorization: string },
  { expiresAt, isPaid }: { readonly expiresAt: string; readonly isPaid: boolean },
): ClientAction => ({
  platform: 'douyin',
  method: 'createSignOrder',
  params: { businessType: PERIODIC, ...signed },
  next: {
    method: 'sign',
    params: { businessType: PERIODIC },
    // Some running code hands over the payment as well; the documentation is silent.
    take: { orderId: 'authOrderId', ...(isPaid && { payOrderId: 'payOrderId' }) },
  },
  proof: 'callback',
  expiresAt,
});
