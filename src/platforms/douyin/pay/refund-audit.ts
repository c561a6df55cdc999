import { PlatformError } from '../../errors.js';
import type { RefundDecision, RefundOrder } from '../../payment-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { clipped } from './order-data.js';
import type { Refunds } from './refunds.js';
import { codeOf, REFUND_AUDIT, type TradeApi } from './trade-api.js';

const AGREE = 1;
const REFUSE = 2;
const MESSAGE_BYTES = 512;

/** Codes that a decision gets which was made before: perhaps by us, and its answer got lost. */
const PERHAPS_DECIDED: ReadonlySet<string | undefined> = new Set(['22000', '22001', '22002', '22013']);
/** What the audit says after each decision; silence until its deadline is consent. */
const DECIDED = { agreed: ['AGREE', 'OVERTIME'], refused: ['DENY'] } as const;

/**
 * Tells Douyin whether a refund that a person asked for is granted. Throws `platform_busy` while Douyin does not want to
 * know yet, `platform_refused` when it was decided otherwise.
 */
export async function decide(
  trade: TradeApi,
  refunds: Refunds,
  program: PlatformAccount,
  refund: RefundOrder,
  decision: RefundDecision,
): Promise<void> {
  if (refund.platformRefundId === null) throw new Error(`refund ${refund.number} was not asked for at the platform`);
  const answer = decision.approve
    ? { refund_audit_status: AGREE }
    : { refund_audit_status: REFUSE, deny_message: clipped(decision.reason, MESSAGE_BYTES) };
  try {
    await trade.act(program, REFUND_AUDIT, { refund_id: refund.platformRefundId, ...answer });
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (PERHAPS_DECIDED.has(codeOf(error)) && (await isDecided(refunds, program, refund, decision))) return;
    throw error;
  }
}

async function isDecided(
  refunds: Refunds,
  program: PlatformAccount,
  refund: RefundOrder,
  decision: RefundDecision,
): Promise<boolean> {
  const status = (await refunds.find(program, refund))?.merchant_audit_detail?.audit_status;
  const wanted: readonly string[] = decision.approve ? DECIDED.agreed : DECIDED.refused;
  return status !== undefined && wanted.includes(status);
}
