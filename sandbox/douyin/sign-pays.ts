import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { randomDigits } from './numbers.js';
import { type SignPay, signPayMessage } from './sign-pay.js';
import { callBack } from './trade-callbacks.js';

interface Numbered extends Row {
  readonly payOrderId: string;
}

/** What was to be paid under contracts, and what became of it. */
export class SignPays {
  readonly #pays: Table<SignPay>;
  readonly #numbers: Table<Numbered>;

  constructor(private readonly world: World) {
    this.#pays = world.table('douyin.signPays');
    this.#numbers = world.table('douyin.signPayNumbers');
  }

  get(payOrderId: string): SignPay | undefined {
    return this.#pays.get(payOrderId);
  }

  numbered(platformAppId: string, outPayOrderNo: string): SignPay | undefined {
    const { payOrderId } = this.#numbers.get(`${platformAppId}/${outPayOrderNo}`) ?? {};
    return payOrderId === undefined ? undefined : this.get(payOrderId);
  }

  save(pay: SignPay): void {
    this.#pays.set(pay.payOrderId, pay);
  }

  /** A new one that is not paid yet. Its number must be a new one. */
  open(
    account: Account,
    given: Pick<SignPay, 'authOrderId' | 'outPayOrderNo' | 'content' | 'merchantUid' | 'amount'> & {
      notifyUrl?: string | undefined;
    },
  ): SignPay {
    const { notifyUrl, ...rest } = given;
    const { platformAppId } = account;
    const pay: SignPay = {
      ...rest,
      ...(notifyUrl !== undefined && { notifyUrl }),
      payOrderId: `mots${randomDigits(19)}`,
      platformAppId,
      createdAt: this.world.businessNow(account),
      status: 'PROCESS',
      refundIds: [],
    };
    this.save(pay);
    this.#numbers.set(`${platformAppId}/${pay.outPayOrderNo}`, { payOrderId: pay.payOrderId });
    return pay;
  }

  /** What became of one that is under way; whoever waits is told. */
  end(account: Account, payOrderId: string, status: 'SUCCESS' | 'FAIL' | 'TIMEOUT'): void {
    const pay = this.get(payOrderId);
    if (pay?.status !== 'PROCESS') return;
    const endedAt = this.world.businessNow(account);
    const payment = { channelPayId: randomDigits(28), userBillPayId: `TP${randomDigits(25)}` };
    const ended: SignPay = { ...pay, status, endedAt, ...(status === 'SUCCESS' && { payment }) };
    this.save(ended);
    const url = ended.notifyUrl ?? account.push?.url;
    callBack(this.world, account, url, 'sign_pay_callback', signPayMessage(ended, endedAt));
  }
}
