import type { World } from '../core/platform.js';
import type { Agreement } from './agreement.js';
import { agreementNamesOf, agreementTimesOf, logonOf, signerIdsOf } from './agreement-view.js';
import type { Agreements } from './agreements.js';
import { chinaTime } from './china-time.js';
import { notifyIdOf } from './notification-fields.js';

/** What Alipay tells a merchant of agreements: signed as the notifications of trades are, and sent again like them. */
export class AgreementNotices {
  constructor(
    private readonly world: World,
    private readonly agreements: Agreements,
  ) {}

  /** `dut_user_sign`, to `notifyUrl`, else to the gateway of the mini-program; without either it is not sent. */
  signed(agreement: Agreement, notifyUrl: string | undefined): void {
    const { plan, signedAt = 0 } = agreement;
    this.#tell(agreement, notifyUrl, 'dut_user_sign', signedAt, {
      status: 'NORMAL',
      ...agreementTimesOf(agreement),
      ...logonOf(agreement),
      // Not in the docs; seen in notifications of cycle agreements.
      ...(plan && { next_deduct_time: plan.nextDate }),
    });
  }

  /** `dut_user_unsign`: likewise. */
  unsigned(agreement: Agreement, notifyUrl: string | undefined): void {
    const { unsignedAt = 0 } = agreement;
    this.#tell(agreement, notifyUrl, 'dut_user_unsign', unsignedAt, {
      status: 'UNSIGN',
      unsign_time: chinaTime(unsignedAt),
    });
  }

  #tell(agreement: Agreement, notifyUrl: string | undefined, type: string, at: number, fields: object): void {
    const account = this.agreements.programOf(agreement);
    const { platformAppId, push } = account;
    const url = notifyUrl ?? push?.url;
    if (url === undefined) return;
    const data = {
      notify_type: type,
      notify_id: notifyIdOf(at, type, agreement.agreementNo),
      app_id: platformAppId,
      auth_app_id: platformAppId,
      charset: 'UTF-8',
      version: '1.0',
      ...agreementNamesOf(agreement),
      ...signerIdsOf(account, agreement, 'alipay_user'),
      ...fields,
    };
    this.world.call(account, { url, data, operation: type });
  }
}
