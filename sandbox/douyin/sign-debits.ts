import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import { DouyinError } from './answers.js';
import { chinaDay } from './china-day.js';
import { payeeOf } from './merchants.js';
import type { Contract } from './sign-contract.js';
import type { SignContracts } from './sign-contracts.js';
import type { SignPayRequest } from './sign-data.js';
import type { SignPay } from './sign-pay.js';
import type { SignPays } from './sign-pays.js';
import { priceAfter, serviceOf, shortestGap } from './sign-services.js';
import type { Wallets } from './wallets.js';

/** Long enough to be seen as PROCESS. */
const DEBIT_TAKES = 1_000;

/**
 * The debits of merchants. The platform publishes no codes of its own for them: those of the general trade system are
 * taken, 10000 for what is wrong with the request and 22000 for what the contract does not allow now.
 */
export class SignDebits {
  constructor(
    private readonly world: World,
    private readonly contracts: SignContracts,
    private readonly pays: SignPays,
    private readonly wallets: Wallets,
  ) {}

  readonly timers = {
    signPayResult: ({ payOrderId }: { payOrderId: string }, account: Account): void =>
      this.#settle(account, payOrderId),
  };

  /** create_sign_pay: accepted, not paid; the same number again is the same debit. Throws DouyinError. */
  create(account: Account, contract: Contract, request: SignPayRequest): SignPay {
    const previous = this.pays.numbered(account.platformAppId, request.out_pay_order_no);
    const content = contentOf(request);
    if (previous?.content === content) return previous;
    try {
      if (previous) throw new DouyinError(10000, 'out_pay_order_no is a debit with other content');
      const amount = this.#requirePossible(account, contract, request);
      return this.#open(account, contract, request, amount, content);
    } catch (error) {
      if (error instanceof DouyinError) this.#refused(account, contract, request, error.code);
      throw error;
    }
  }

  /** All that was to be paid under a contract, in the order in which it came. */
  of({ firstPayOrderId, attempts }: Contract): SignPay[] {
    const ids = attempts.flatMap((attempt) => ('payOrderId' in attempt ? attempt.payOrderId : []));
    return [...(firstPayOrderId ? [firstPayOrderId] : []), ...ids].flatMap((id) => this.pays.get(id) ?? []);
  }

  #open(account: Account, contract: Contract, request: SignPayRequest, amount: number, content: string): SignPay {
    const { out_pay_order_no: outPayOrderNo, merchant_uid: merchantUid, notify_url: notifyUrl } = request;
    const { authOrderId } = contract;
    const pay = this.pays.open(account, { authOrderId, outPayOrderNo, content, merchantUid, amount, notifyUrl });
    const { payOrderId } = pay;
    this.contracts.attempted(contract, { payOrderId });
    this.world.at(account, {
      key: `signPay/${payOrderId}`,
      name: 'signPayResult',
      at: pay.createdAt + DEBIT_TAKES,
      data: { payOrderId },
    });
    return pay;
  }

  #refused(account: Account, contract: Contract, request: SignPayRequest, code: number): void {
    const { out_pay_order_no: number, total_amount: amount } = request;
    const at = this.world.businessNow(account);
    this.contracts.attempted(contract, { number, ...(amount !== undefined && { amount }), at, code });
  }

  /** What is to be debited. Throws DouyinError unless it may be now. */
  #requirePossible(account: Account, contract: Contract, request: SignPayRequest): number {
    const { merchant_uid: merchantUid } = request;
    if (!payeeOf(this.world, account, merchantUid))
      throw new DouyinError(10000, `merchant_uid ${merchantUid} is not bound to the mini-program`);
    if (contract.status !== 'SERVING') throw new DouyinError(22000, `the contract is ${contract.status}`);
    const pays = this.of(contract);
    this.#requireDue(contract, pays, this.world.businessNow(account));
    return amountOf(contract, pays, request);
  }

  /** How the rules about when to debit are read: the platform publishes them as advice, without codes. */
  #requireDue({ firstDeductionDate, serviceId }: Contract, pays: readonly SignPay[], now: number): void {
    const today = chinaDay(now);
    if (firstDeductionDate && today < firstDeductionDate)
      throw new DouyinError(22000, `the person was shown ${firstDeductionDate} as the day of the first debit`);
    if (pays.some(({ status }) => status === 'PROCESS'))
      throw new DouyinError(22000, 'a debit of the contract is under way');
    // "FAIL: do not repeat at once, try the next day."
    if (pays.some(({ status, endedAt = 0 }) => status === 'FAIL' && chinaDay(endedAt) === today))
      throw new DouyinError(22000, 'a debit of the contract failed today: try the next day');
    const service = serviceOf(serviceId);
    const isPaid = ({ status, endedAt = 0 }: SignPay): boolean =>
      status === 'SUCCESS' && service !== undefined && now - endedAt < shortestGap(service);
    if (pays.some(isPaid)) throw new DouyinError(22000, 'this period is paid');
  }

  /** Once more what the contract is now: the person may have ended it since the debit was accepted. */
  #settle(account: Account, payOrderId: string): void {
    const pay = this.pays.get(payOrderId);
    const contract = pay && this.contracts.get(pay.authOrderId);
    if (!contract || pay.status !== 'PROCESS') return;
    const isPaid = contract.status === 'SERVING' && this.wallets.pays(contract.openId);
    this.pays.end(account, payOrderId, isPaid ? 'SUCCESS' : 'FAIL');
  }
}

/** Without a total the template's price of the period. */
function amountOf({ serviceId }: Contract, pays: readonly SignPay[], { total_amount: total }: SignPayRequest): number {
  const paid = pays.filter(({ status }) => status === 'SUCCESS').length;
  const service = serviceOf(serviceId);
  const price = service && priceAfter(service, paid);
  if (total !== undefined && total > (price ?? Infinity))
    throw new DouyinError(10000, `total_amount: above the template's price of this period, ${price ?? 0}`);
  const amount = total ?? price;
  if (amount === undefined) throw new DouyinError(10000, 'total_amount: required with a template that has no price');
  return amount;
}

/** Where to tell it and how long it may take are not what is debited. */
const contentOf = ({ auth_order_id: id, merchant_uid: merchant, total_amount: total }: SignPayRequest): string =>
  JSON.stringify([id, merchant, total]);
