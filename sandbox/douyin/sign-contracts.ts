import type { Account } from '../core/accounts.js';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { chinaDay } from './china-day.js';
import { ClientFailure } from './client-failure.js';
import { payeeOf } from './merchants.js';
import { randomDigits } from './numbers.js';
import { openidOf } from './people.js';
import { type Attempt, type Contract, type EndedBy, signMessage } from './sign-contract.js';
import type { SignData } from './sign-data.js';
import type { SignPays } from './sign-pays.js';
import { priceAfter, serviceOf } from './sign-services.js';
import { callBack } from './trade-callbacks.js';

interface Numbered extends Row {
  readonly authOrderIds: readonly string[];
}

interface Unique extends Row {
  readonly authOrderId: string;
}

/** The contracts under which merchants debit, from tt.createSignOrder to their end. */
export class SignContracts {
  readonly #contracts: Table<Contract>;
  /** By the developer's number: one contract for each mini-program that used it. */
  readonly #numbers: Table<Numbered>;
  /** By openid and uniqueId the contract that was signed last. */
  readonly #unique: Table<Unique>;

  constructor(
    private readonly world: World,
    private readonly pays: SignPays,
  ) {
    this.#contracts = world.table('douyin.contracts');
    this.#numbers = world.table('douyin.contractNumbers');
    this.#unique = world.table('douyin.contractUniqueIds');
  }

  readonly timers = {
    signTimeout: ({ authOrderId }: { authOrderId: string }, account: Account): void =>
      this.#timeOut(account, authOrderId),
  };

  get(authOrderId: string): Contract | undefined {
    return this.#contracts.get(authOrderId);
  }

  /** All contracts under the developer's number, whatever the mini-program. */
  numbered(outAuthOrderNo: string): Contract[] {
    const { authOrderIds } = this.#numbers.get(outAuthOrderNo) ?? { authOrderIds: [] };
    return authOrderIds.flatMap((id) => this.get(id) ?? []);
  }

  /** Keeps that a debit was asked for. */
  attempted({ authOrderId }: Contract, attempt: Attempt): void {
    const contract = this.get(authOrderId);
    if (contract) this.#save({ ...contract, attempts: [...contract.attempts, attempt] });
  }

  /** tt.createSignOrder: the contract of that number, made now or there already. Throws ClientFailure. */
  request(account: Account, data: SignData): Contract {
    const { platformAppId } = account;
    const previous = this.numbered(data.outAuthOrderNo).find((contract) => contract.platformAppId === platformAppId);
    const content = contentOf(data);
    if (previous && previous.content !== content)
      throw wrong(`outAuthOrderNo ${data.outAuthOrderNo} is a contract with other content`);
    return previous ?? this.#create(account, data, content);
  }

  /** The person signs, and pays what is to be paid with it. Throws ClientFailure. */
  sign(account: Account, { authOrderId }: Contract, user: string): void {
    const contract = this.requireOpen(account, authOrderId, user);
    this.#requireUnique(contract);
    const signedAt = this.world.businessNow(account);
    const signed: Contract = { ...contract, status: 'SERVING', signedAt };
    this.#save(signed);
    if (signed.uniqueId) this.#unique.set(uniqueKey(signed), { authOrderId });
    this.world.cancel(account, timerKey(authOrderId));
    this.#tell(account, signed, signedAt);
    if (signed.firstPayOrderId) this.pays.end(account, signed.firstPayOrderId, 'SUCCESS');
  }

  /** The contract, whose page opens for the person. Throws ClientFailure. */
  requireOpen(account: Account, authOrderId: string, user: string): Contract {
    const contract = this.get(authOrderId);
    if (!contract) throw new ClientFailure(20000, `there is no contract ${authOrderId}`);
    if (contract.openId !== openidOf(account.platformAppId, user))
      throw new ClientFailure(11001, 'openId is not the one of the person who is logged in');
    if (contract.status === 'SERVING') throw new ClientFailure(10000, 'the contract is signed already');
    // The timer may be a moment late.
    if (contract.status !== 'TOBESERVED' || contract.expiresAt <= this.world.businessNow(account))
      throw new ClientFailure(10000, 'the contract is closed');
    return contract;
  }

  /**
   * Ends one that serves. Whether the platform calls back when the merchant itself ended it is not published: it is
   * taken to, as it says who did in cancel_source.
   */
  end(account: Account, contract: Contract, status: 'CANCEL' | 'DONE', endedBy: EndedBy): void {
    const endedAt = this.world.businessNow(account);
    const ended: Contract = { ...contract, status, endedAt, ...(status === 'CANCEL' && { endedBy }) };
    this.#save(ended);
    this.#tell(account, ended, endedAt);
  }

  #create(account: Account, data: SignData, content: string): Contract {
    const now = this.world.businessNow(account);
    const authOrderId = `mota${randomDigits(19)}`;
    const { outAuthOrderNo, serviceId, openId, notifyUrl, uniqueId, firstDeductionDate } = data;
    if (firstDeductionDate && firstDeductionDate < chinaDay(now)) throw wrong('firstDeductionDate is in the past');
    if (uniqueId) this.#requireUnique({ openId, uniqueId });
    const firstPayOrderId = this.#openFirstPay(account, authOrderId, data);
    const contract: Contract = {
      ...{ authOrderId, platformAppId: account.platformAppId, outAuthOrderNo, content, serviceId, openId },
      ...(notifyUrl && { notifyUrl }),
      ...(uniqueId && { uniqueId }),
      ...(firstDeductionDate && { firstDeductionDate }),
      ...(firstPayOrderId && { firstPayOrderId }),
      expiresAt: now + data.expireSeconds * 1_000,
      status: 'TOBESERVED',
      attempts: [],
    };
    this.#save(contract);
    const authOrderIds = [...(this.#numbers.get(outAuthOrderNo)?.authOrderIds ?? []), authOrderId];
    this.#numbers.set(outAuthOrderNo, { authOrderIds });
    const timer = { key: timerKey(authOrderId), name: 'signTimeout', at: contract.expiresAt };
    this.world.at(account, { ...timer, data: { authOrderId } });
    return contract;
  }

  #openFirstPay(account: Account, authOrderId: string, { authPayOrder, serviceId }: SignData): string | undefined {
    if (!authPayOrder) return undefined;
    const { outPayOrderNo, merchantUid, initialAmount, notifyUrl } = authPayOrder;
    const service = serviceOf(serviceId);
    const amount = initialAmount ?? (service && priceAfter(service, 0));
    if (amount === undefined) throw wrong('authPayOrder.initialAmount');
    if (!payeeOf(this.world, account, merchantUid))
      throw wrong(`authPayOrder.merchantUid ${merchantUid} is not bound to the mini-program`);
    if (this.pays.numbered(account.platformAppId, outPayOrderNo))
      throw wrong(`authPayOrder.outPayOrderNo ${outPayOrderNo} is used already`);
    const content = JSON.stringify(authPayOrder);
    return this.pays.open(account, { authOrderId, outPayOrderNo, content, merchantUid, amount, notifyUrl }).payOrderId;
  }

  /** One that is only asked for prevents no other; of two of them the second is refused when it is signed. */
  #requireUnique(contract: Pick<Contract, 'openId' | 'uniqueId'>): void {
    const { authOrderId = '' } = this.#unique.get(uniqueKey(contract)) ?? {};
    if (contract.uniqueId && this.get(authOrderId)?.status === 'SERVING')
      throw wrong(`uniqueId ${contract.uniqueId}: the person has such a contract already`);
  }

  #timeOut(account: Account, authOrderId: string): void {
    const contract = this.get(authOrderId);
    if (contract?.status !== 'TOBESERVED') return;
    const endedAt = this.world.businessNow(account);
    const ended: Contract = { ...contract, status: 'TIMEOUT', endedAt };
    this.#save(ended);
    this.#tell(account, ended, endedAt);
    if (ended.firstPayOrderId) this.pays.end(account, ended.firstPayOrderId, 'TIMEOUT');
  }

  #save(contract: Contract): void {
    this.#contracts.set(contract.authOrderId, contract);
  }

  /** Without an address of its own to the one of the console. */
  #tell(account: Account, contract: Contract, at: number): void {
    const url = contract.notifyUrl ?? account.push?.url;
    callBack(this.world, account, url, 'sign_callback', signMessage(contract, at));
  }
}

/** A server that signs anew gives the time that is left: another `expireSeconds` is not another contract. */
function contentOf(data: SignData): string {
  const { expireSeconds: _left, ...content } = data;
  return JSON.stringify(content);
}

const wrong = (what: string): ClientFailure => new ClientFailure(10000, `parameter: ${what}`);
const timerKey = (authOrderId: string): string => `contract/${authOrderId}`;
const uniqueKey = ({ openId, uniqueId = '' }: Pick<Contract, 'openId' | 'uniqueId'>): string => `${openId}/${uniqueId}`;
