import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import type { Contract } from './papay-contract.js';

interface Pointer extends Row {
  /** Key of a contract. */
  readonly contract: string;
}

/** The contracts of all merchants. */
export class ContractBook {
  readonly #contracts: Table<Contract>;
  readonly #ids: Table<Pointer>;
  /** The latest contract of a person under a plan. */
  readonly #latest: Table<Pointer>;

  constructor(world: World) {
    this.#contracts = world.table('wechatpay.contracts');
    this.#ids = world.table('wechatpay.contractIds');
    this.#latest = world.table('wechatpay.latestContracts');
  }

  get(mchid: string, number: string): Contract | undefined {
    return this.#contracts.get(keyOf(mchid, number));
  }

  /** Of any merchant. */
  byId(contractId: string): Contract | undefined {
    return this.#contracts.get(this.#ids.get(contractId)?.contract ?? '');
  }

  latestOf(mchid: string, planId: string, openid: string): Contract | undefined {
    return this.#contracts.get(this.#latest.get(personKey(mchid, planId, openid))?.contract ?? '');
  }

  /** The contracts of all merchants with that number. Looks at each contract: not for what happens often. */
  withNumber(number: string): Contract[] {
    const found: Contract[] = [];
    for (const [, contract] of this.#contracts.entries()) if (contract.number === number) found.push(contract);
    return found;
  }

  add(contract: Contract): void {
    const pointer = { contract: keyOf(contract.mchid, contract.number) };
    this.set(contract);
    this.#ids.set(contract.contractId, pointer);
    this.#latest.set(personKey(contract.mchid, contract.planId, contract.openid), pointer);
  }

  set(contract: Contract): void {
    this.#contracts.set(keyOf(contract.mchid, contract.number), contract);
  }
}

const keyOf = (mchid: string, number: string): string => `${mchid}/${number}`;
const personKey = (mchid: string, planId: string, openid: string): string => `${mchid}/${planId}/${openid}`;
