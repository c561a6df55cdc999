import { z } from 'zod';
import type { Call, World } from '../core/platform.js';
import type { Merchant } from './authorization.js';
import { PayError } from './errors.js';
import { fen, readBody, readPathValue, text, wrong } from './fields.js';
import { requireOwn } from './orders.js';
import { type Contract, endOf, openNotice } from './papay-contract.js';
import type { ContractBook } from './papay-contract-book.js';
import { isOpenAt } from './papay-debit-rules.js';
import { planOf } from './papay-plans.js';

/** Days of the window unless the merchant says otherwise. */
const USUAL_DAYS = 7;

const merchantFields = { mchid: text(32), appid: text(32) };
const noticeSchema = z.strictObject({
  ...merchantFields,
  estimated_amount: z.strictObject({ amount: fen, currency: z.literal('CNY').optional() }),
  deduct_duration: z.strictObject({ count: z.int().min(1).max(3), unit: z.literal('DAY') }).optional(),
});
const failureSchema = z.strictObject(merchantFields);

/** What WeChat Pay tells a person for the merchant: that a debit is coming, or that one failed. APIv3. */
export class DebitNotices {
  constructor(
    private readonly world: World,
    private readonly contracts: ContractBook,
  ) {}

  /** Opens the window of the next debit, once per cycle: until it was debited, or the window is past. */
  announce(call: Call, merchant: Merchant, contractId: string): undefined {
    const asked = readBody(noticeSchema, call.body);
    const { contract, now } = this.#contractOf(asked, merchant, contractId);
    if (planOf(contract.planId)?.mode !== 'notice') throw refused('该协议模板不支持预扣费通知');
    if (!isOpenAt(now)) throw refused('预扣费通知的发送时间须在7:00至22:00之间');
    if (openNotice(contract, now)) throw refused('本扣费周期内已发送过预扣费通知');
    const { estimated_amount: estimated, deduct_duration: duration } = asked;
    const notice = { at: now, amount: estimated.amount, days: duration?.count ?? USUAL_DAYS };
    this.contracts.set({ ...contract, notices: [...contract.notices, notice] });
    return undefined;
  }

  /** Only after a debit that failed. */
  remind(call: Call, merchant: Merchant, contractId: string): undefined {
    const { contract } = this.#contractOf(readBody(failureSchema, call.body), merchant, contractId);
    const last = contract.debits.findLast(({ outcome }) => outcome !== 'refused');
    if (last?.outcome !== 'failed') throw refused('没有扣款失败的订单，不能发送扣款失败通知');
    return undefined;
  }

  #contractOf(
    { mchid, appid }: { mchid: string; appid: string },
    merchant: Merchant,
    contractId: string,
  ): { contract: Contract; now: number } {
    requireOwn(merchant, mchid, '/mchid');
    const contract = this.contracts.byId(readPathValue(text(32), 'contract_id', contractId));
    if (contract?.mchid !== mchid) throw new PayError('RESOURCE_NOT_EXISTS', { message: '签约协议不存在' });
    if (contract.appid !== appid) throw wrong('/appid', 'not the one that the contract was signed with');
    const now = this.world.businessNow(merchant);
    if (endOf(contract, now)) throw refused('签约协议已解约或已到期');
    return { contract, now };
  }
}

const refused = (message: string): PayError => new PayError('INVALID_REQUEST', { message });
