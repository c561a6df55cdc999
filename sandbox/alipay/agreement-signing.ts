import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Agreement, AgreementDraft } from './agreement.js';
import { invalidAtOf } from './agreement-draft.js';
import type { AgreementNotices } from './agreement-notices.js';
import type { Agreements } from './agreements.js';
import { AlipayError } from './errors.js';
import type { Merchants } from './merchants.js';
import type { People } from './people.js';

/** Docs: of one person with one merchant. */
const MOST_CYCLE_AGREEMENTS = 10;

/** How agreements come about, whichever page the person signs them on. */
export class AgreementSigning {
  constructor(
    private readonly world: World,
    private readonly agreements: Agreements,
    private readonly people: People,
    private readonly merchants: Merchants,
    private readonly notices: AgreementNotices,
  ) {}

  /**
   * The page opens: may the person sign that? Throws AlipayError; neither code is published. A number is good for one
   * agreement, also after its end.
   */
  open(account: Account, user: string, draft: AgreementDraft): Agreement {
    const sellerId = this.merchants.sellersOf(account)[0];
    const { externalAgreementNo: number, plan } = draft;
    const before = number === undefined ? undefined : this.agreements.byNumber(account, number);
    if (before && before.signedAt !== undefined) throw new AlipayError('USER_AGREEMENT_EXIST');
    const cycles = this.agreements.ofPerson(sellerId, user).filter((one) => this.#isRunning(one));
    if (plan && cycles.length >= MOST_CYCLE_AGREEMENTS) throw new AlipayError('USER_AGREEMENT_COUNT_EXCEED');
    this.people.remember(account, user);
    const now = this.world.businessNow(account);
    const { platformAppId } = account;
    const agreementNo = before?.user === user ? before.agreementNo : this.agreements.newAgreementNo(now);
    const opened: Agreement = { ...draft, agreementNo, platformAppId, sellerId, user, debits: [] };
    if (before?.user === user) this.agreements.change(opened);
    else this.agreements.add(opened);
    return opened;
  }

  /** The person signs what was opened; `notifyUrl` is told. */
  sign(opened: Agreement, notifyUrl: string | undefined): Agreement {
    const now = this.agreements.now(opened);
    const invalidAt = invalidAtOf(opened, now);
    const signed = { ...opened, signedAt: now, ...(invalidAt !== undefined && { invalidAt }) };
    this.agreements.change(signed);
    this.notices.signed(signed, notifyUrl);
    return signed;
  }

  #isRunning(agreement: Agreement): boolean {
    return agreement.plan !== undefined && this.agreements.statusOf(agreement) === 'NORMAL';
  }
}
