import type { Agreement, AgreementParty } from './agreement.js';
import type { AgreementLookup } from './agreement-lookup.js';
import type { AgreementNotices } from './agreement-notices.js';
import type { Agreements } from './agreements.js';
import { AlipayError } from './errors.js';
import type { Operation } from './methods.js';
import { notifyUrlField } from './notify-url.js';

/** The ways in which an agreement ends. */
export class AgreementEnding {
  constructor(
    private readonly agreements: Agreements,
    private readonly lookup: AgreementLookup,
    private readonly notices: AgreementNotices,
  ) {}

  /** `alipay.user.agreement.unsign`: the notification goes to the notify_url of this call. */
  readonly run: Operation = ({ account, content, parameters }) => {
    const notifyUrl = notifyUrlField(parameters, 'notify_url');
    const agreement = this.lookup.named(account, content);
    if (!agreement) throw new AlipayError('AGREEMENT_NOT_EXIST');
    if (this.agreements.statusOf(agreement) !== 'NORMAL') throw new AlipayError('USER_AGREEMENT_STATUS_NOT_NORMAL');
    this.unsign(agreement, 'merchant', notifyUrl);
    return {};
  };

  /** Without `notifyUrl`, as when nobody called, the gateway of the mini-program is told. */
  unsign(agreement: Agreement, by: AgreementParty, notifyUrl?: string): Agreement {
    const unsigned: Agreement = { ...agreement, unsignedAt: this.agreements.now(agreement), unsignedBy: by };
    this.agreements.change(unsigned);
    this.notices.unsigned(unsigned, notifyUrl);
    return unsigned;
  }

  /** Its time is over now; nobody is told (docs). */
  expire(agreement: Agreement): Agreement {
    const expired: Agreement = { ...agreement, invalidAt: this.agreements.now(agreement) };
    this.agreements.change(expired);
    return expired;
  }
}
