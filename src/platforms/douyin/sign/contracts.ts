import type { Clock } from '../../../common/clock.js';
import { PlatformError } from '../../errors.js';
import type { MandateState, MandateTerms } from '../../mandate-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { orAbsent } from '../pay/orders.js';
import type { TradeApi } from '../pay/trade-api.js';
import { SIGN_ORDER_QUERY, TERMINATE_SIGN } from './sign-api.js';
import type { SignOrder } from './sign.wire.js';

const BY_USER = 1;
const BY_MERCHANT = 2;

/** Asks about contracts, which the client makes, and ends them. */
export class Contracts {
  constructor(
    private readonly trade: TradeApi,
    private readonly clock: Clock,
  ) {}

  async state(program: PlatformAccount, terms: MandateTerms): Promise<MandateState> {
    const found = await this.find(program, terms);
    return found ? this.#stateOf(found, terms) : { kind: 'absent' };
  }

  /** Undefined when Douyin knows no contract of that number (yet). */
  async find(program: PlatformAccount, { contractId, number }: MandateTerms): Promise<SignOrder | undefined> {
    const by = contractId === null ? { out_auth_order_no: number } : { auth_order_id: contractId };
    const found = await orAbsent(this.trade.ask(program, SIGN_ORDER_QUERY, by));
    if (found === undefined || found.out_auth_order_no === number) return found;
    throw new PlatformError('platform_answer_invalid', program, {
      detail: 'Douyin has answered with another contract than the one it was asked about.',
    });
  }

  /** Resolves when the contract is over, whoever has ended it; Douyin has no place for a reason. */
  async end(program: PlatformAccount, terms: MandateTerms): Promise<void> {
    const contractId = terms.contractId ?? (await this.find(program, terms))?.auth_order_id;
    if (contractId === undefined) return;
    try {
      await this.trade.act(program, TERMINATE_SIGN, { auth_order_id: contractId });
    } catch (error) {
      if (!(error instanceof PlatformError) || error.problem !== 'platform_refused') throw error;
      // Only what is in force can be ended; which code says that it is not, is not documented.
      const { kind } = await this.state(program, terms);
      if (kind === 'active' || kind === 'pending') throw error;
    }
  }

  #stateOf(found: SignOrder, terms: MandateTerms): MandateState {
    const { status, auth_order_id: contractId, sign_time: signedAt, open_id: payer, cancel_source: source } = found;
    switch (status) {
      case 'TOBESERVED':
        return { kind: 'pending' };
      case 'SERVING': {
        // It is signed; a missing time must not hide it.
        const known = terms.signedAt === null ? this.clock.now() : new Date(terms.signedAt);
        return { kind: 'active', contractId, signedAt: signedAt ?? known, endsAt: null, ...(payer && { payer }) };
      }
      case 'CANCEL': {
        const by = source === BY_USER ? 'user' : source === BY_MERCHANT ? 'merchant' : 'platform';
        return { kind: 'ended', how: 'terminated', by, endedAt: null };
      }
      case 'DONE':
        return { kind: 'ended', how: 'expired', by: 'platform', endedAt: null };
      case 'TIMEOUT':
        return { kind: 'absent' };
    }
  }
}
