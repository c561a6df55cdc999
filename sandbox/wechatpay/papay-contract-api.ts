import { z } from 'zod';
import type { World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import { beijingText } from './beijing-time.js';
import { text } from './fields.js';
import { type Contract, endOf, TERMINATED_BY } from './papay-contract.js';
import type { ContractBook } from './papay-contract-book.js';
import type { Signing } from './papay-signing.js';
import { V2Error } from './v2-errors.js';
import { contractFields, readV2 } from './v2-fields.js';
import type { V2Fields } from './v2-signature.js';

const HOLDS = '0';
const UNSIGNED_OR_ENDED = '1';
const NOT_TERMINATED = '0';

const nameFields = {
  appid: text(32),
  version: z.literal('1.0'),
  contract_id: text(32).optional(),
  plan_id: contractFields.plan_id.optional(),
  contract_code: contractFields.contract_code.optional(),
};
interface Name {
  readonly contract_id?: string | undefined;
  readonly plan_id?: string | undefined;
  readonly contract_code?: string | undefined;
}
const isNamed = ({ contract_id, plan_id, contract_code }: Name): boolean =>
  contract_id !== undefined || (plan_id !== undefined && contract_code !== undefined);

const querySchema = z.object(nameFields).refine(isNamed, { path: ['contract_id'] });
const deletionSchema = z
  .object({ ...nameFields, contract_termination_remark: text(512) })
  .refine(isNamed, { path: ['contract_id'] });

/** `/papay/querycontract` and `/papay/deletecontract`. */
export class ContractApi {
  constructor(
    private readonly world: World,
    private readonly book: ContractBook,
    private readonly signing: Signing,
  ) {}

  /** A number that nobody has signed is known as unsigned; an id that was never given is not known. */
  query(fields: V2Fields, merchant: Merchant): V2Fields {
    const asked = readV2(querySchema, fields);
    const contract = this.#find(asked, merchant);
    if (contract) return viewOf(contract, this.world.businessNow(merchant));
    if (asked.contract_id !== undefined) throw new V2Error('CONTRACT_NOT_EXIST');
    const { plan_id: planId = '', contract_code: code = '' } = asked;
    const state = { contract_state: UNSIGNED_OR_ENDED, contract_termination_mode: NOT_TERMINATED };
    return { plan_id: planId, contract_code: code, ...state };
  }

  end(fields: V2Fields, merchant: Merchant): V2Fields {
    const asked = readV2(deletionSchema, fields);
    const contract = this.#find(asked, merchant);
    if (!contract || endOf(contract, this.world.businessNow(merchant))) throw new V2Error('CONTRACT_NOT_EXIST');
    this.signing.end(contract, 'api', merchant, asked.contract_termination_remark);
    return { contract_id: contract.contractId, plan_id: contract.planId, contract_code: contract.number };
  }

  #find(
    { contract_id: id, plan_id: planId, contract_code: code = '' }: Name,
    merchant: Merchant,
  ): Contract | undefined {
    const contract = id === undefined ? this.book.get(merchant.merchantId, code) : this.book.byId(id);
    if (contract?.mchid !== merchant.merchantId) return undefined;
    return id === undefined && contract.planId !== planId ? undefined : contract;
  }
}

function viewOf(contract: Contract, now: number): V2Fields {
  const end = endOf(contract, now);
  return {
    contract_id: contract.contractId,
    plan_id: contract.planId,
    request_serial: contract.serial,
    contract_code: contract.number,
    contract_display_account: contract.displayAccount,
    contract_state: end ? UNSIGNED_OR_ENDED : HOLDS,
    contract_signed_time: beijingText(contract.signedAt),
    contract_expired_time: beijingText(contract.expiresAt),
    ...(end && { contract_terminated_time: beijingText(end.at) }),
    contract_termination_mode: end ? TERMINATED_BY[end.by] : NOT_TERMINATED,
    ...(end?.remark && { contract_termination_remark: end.remark }),
    openid: contract.openid,
  };
}
