import { isNumber } from '../../common/ids.js';
import type { CallbackContent } from '../callback.js';
import type { MandateState } from '../mandate-platform.js';
import { type AgreementNotification, endOf } from './alipay.agreements.wire.js';

/** `dut_user_sign`, `dut_user_unsign`. The second comes to the gateway of the app when the user has ended it in Alipay. */
export const isAboutAgreement = (type: string | undefined): boolean =>
  type === 'dut_user_sign' || type === 'dut_user_unsign';

/** What a verified notification says of an agreement. */
export function agreementIn(notification: AgreementNotification, receivedAt: Date): CallbackContent {
  const { agreement_no: contractId, external_agreement_no: number } = notification;
  const state = stateOf(notification, receivedAt);
  if (!state) return { kind: 'other' };
  // Agreements that were signed elsewhere with this merchant go by numbers that are not ours.
  return { kind: 'mandate', contractId, ...(number !== undefined && isNumber(number) && { number }), state };
}

function stateOf(notification: AgreementNotification, receivedAt: Date): MandateState | undefined {
  const { agreement_no: contractId, alipay_open_id: openId, alipay_user_id: userId } = notification;
  const toldAt = notification.notify_time ?? receivedAt;
  switch (notification.status) {
    case 'NORMAL': {
      // An app that moves from user_id to open_id is told both, and which of them we hold is not said: neither counts.
      const payer = openId !== undefined && userId !== undefined ? undefined : (openId ?? userId);
      return {
        kind: 'active',
        contractId,
        signedAt: notification.sign_time ?? toldAt,
        endsAt: endOf(notification.invalid_time),
        ...(payer !== undefined && { payer }),
      };
    }
    case 'UNSIGN':
      // By the user, or by us; Alipay does not say, but we know what we have ended.
      return { kind: 'ended', how: 'terminated', by: 'user', endedAt: notification.unsign_time ?? toldAt };
    case 'STOP':
      return { kind: 'ended', how: 'terminated', by: 'platform', endedAt: toldAt };
    default:
      return undefined;
  }
}
