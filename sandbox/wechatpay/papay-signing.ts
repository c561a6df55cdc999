import type { World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import { beijingText } from './beijing-time.js';
import { newContractId } from './numbers.js';
import { type Contract, type ContractDraft, endOf, TERMINATED_BY, type TerminatedBy } from './papay-contract.js';
import type { ContractBook } from './papay-contract-book.js';
import { planOf } from './papay-plans.js';
import type { V2Fields } from './v2-signature.js';
import type { V2Notifications } from './v2-notifications.js';

/** How long a contract holds; WeChat Pay's templates say it, and it is not published. */
const LIFETIME = 10 * 365 * 86_400_000;

/** Contracts begin and end here, and their merchant hears of it. */
export class Signing {
  constructor(
    private readonly world: World,
    private readonly book: ContractBook,
    private readonly notifications: V2Notifications,
  ) {}

  /** Why a person cannot sign, in WeChat Pay's words; undefined: they can. `now`: business time in ms. */
  obstacle({ mchid, planId, number }: ContractDraft, openid: string, now: number): string | undefined {
    if (!planOf(planId)) return '协议模板不存在';
    if (this.book.get(mchid, number)) return '签约协议号重复';
    const latest = this.book.latestOf(mchid, planId, openid);
    return latest && !endOf(latest, now) ? '用户已签约' : undefined;
  }

  /** To be called only where there is no obstacle. */
  sign(draft: ContractDraft, openid: string, merchant: Merchant): Contract {
    const at = this.world.businessNow(merchant);
    const contract: Contract = {
      ...draft,
      contractId: newContractId(at),
      openid,
      signedAt: at,
      expiresAt: at + LIFETIME,
      notices: [],
      debits: [],
    };
    this.book.add(contract);
    this.#tell(merchant, contract, draft.notifyUrl, {
      change_type: 'ADD',
      operate_time: beijingText(at),
      contract_expired_time: beijingText(contract.expiresAt),
    });
    return contract;
  }

  /** To be called only while it holds. Told to the plan's URL; where the merchant has set none, to the contract's own. */
  end(contract: Contract, by: TerminatedBy, merchant: Merchant, remark = ''): Contract {
    const at = this.world.businessNow(merchant);
    const ended: Contract = { ...contract, ended: { at, by, remark } };
    this.book.set(ended);
    this.#tell(merchant, ended, merchant.push?.url ?? contract.notifyUrl, {
      change_type: 'DELETE',
      operate_time: beijingText(at),
      contract_termination_mode: TERMINATED_BY[by],
    });
    return ended;
  }

  /** Contract notifications have neither `appid` nor `nonce_str`, and are signed with MD5. */
  #tell(merchant: Merchant, contract: Contract, url: string, change: V2Fields): void {
    const fields = {
      ...{ return_code: 'SUCCESS', return_msg: 'OK', result_code: 'SUCCESS' },
      mch_id: contract.mchid,
      contract_code: contract.number,
      plan_id: contract.planId,
      openid: contract.openid,
      contract_id: contract.contractId,
      request_serial: contract.serial,
      ...change,
    };
    this.notifications.send(merchant, url, { operation: `CONTRACT.${change.change_type}`, fields, signType: 'MD5' });
  }
}
