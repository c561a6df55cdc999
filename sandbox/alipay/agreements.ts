import { randomInt } from 'node:crypto';
import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { type Agreement, type AgreementStatus, statusOf } from './agreement.js';
import { chinaDate } from './china-date.js';
import type { AlipayCredentials } from './developer-console.js';

interface AgreementNumbers extends Row {
  readonly agreementNos: readonly string[];
}

/** All agreements: by Alipay's number, by the merchant's own, and by person. */
export class Agreements {
  readonly #agreements: Table<Agreement>;
  /** By mini-program and `external_agreement_no`: at most one each. */
  readonly #numbers: Table<AgreementNumbers>;
  /** By merchant and person. */
  readonly #people: Table<AgreementNumbers>;

  constructor(private readonly world: World) {
    this.#agreements = world.table('alipay.agreements');
    this.#numbers = world.table('alipay.agreementNumbers');
    this.#people = world.table('alipay.agreementsOfPeople');
  }

  get(agreementNo: string): Agreement | undefined {
    return this.#agreements.get(agreementNo);
  }

  /** Of a trade that was debited. */
  require(agreementNo: string | undefined): Agreement {
    const agreement = this.get(agreementNo ?? '');
    if (!agreement) throw new Error(`no agreement ${agreementNo}`);
    return agreement;
  }

  byNumber({ platformAppId }: Account, number: string): Agreement | undefined {
    return this.#all(this.#numbers.get(numberKey(platformAppId, number)))[0];
  }

  /** Of one person with one merchant, in order of opening. */
  ofPerson(sellerId: string, user: string): readonly Agreement[] {
    return this.#all(this.#people.get(personKey(sellerId, user)));
  }

  /** The agreements that have that number, be it Alipay's or a mini-program's own. */
  everywhere(number: string): readonly Agreement[] {
    const own = [...this.#numbers.entries()].filter(([key]) => key.endsWith(numberKey('', number)));
    return [this.#agreements.get(number) ?? [], ...own.map(([, numbers]) => this.#all(numbers))].flat();
  }

  add(agreement: Agreement): void {
    const { agreementNo, platformAppId, externalAgreementNo, sellerId, user } = agreement;
    const person = personKey(sellerId, user);
    const { agreementNos = [] } = this.#people.get(person) ?? {};
    this.#people.set(person, { agreementNos: [...agreementNos, agreementNo] });
    if (externalAgreementNo !== undefined)
      this.#numbers.set(numberKey(platformAppId, externalAgreementNo), { agreementNos: [agreementNo] });
    this.change(agreement);
  }

  change(agreement: Agreement): void {
    this.#agreements.set(agreement.agreementNo, agreement);
  }

  /** Business time of an agreement: that of the mini-program which had it signed. */
  now(agreement: Agreement): number {
    return this.world.businessNow(this.programOf(agreement));
  }

  statusOf(agreement: Agreement): AgreementStatus {
    return statusOf(agreement, this.now(agreement));
  }

  programOf({ platformAppId }: Agreement): Account<AlipayCredentials> {
    return this.world.accounts<AlipayCredentials>('alipay').require(platformAppId);
  }

  /** 20 digits that begin with the day. */
  newAgreementNo(now: number): string {
    for (;;) {
      const agreementNo = `${chinaDate(now).replaceAll('-', '')}${String(randomInt(10 ** 12)).padStart(12, '0')}`;
      if (!this.#agreements.get(agreementNo)) return agreementNo;
    }
  }

  #all(numbers: AgreementNumbers | undefined): readonly Agreement[] {
    return (numbers?.agreementNos ?? []).flatMap((agreementNo) => this.#agreements.get(agreementNo) ?? []);
  }
}

const numberKey = (platformAppId: string, number: string): string => `${platformAppId}/${number}`;
const personKey = (sellerId: string, user: string): string => `${sellerId}/${user}`;
