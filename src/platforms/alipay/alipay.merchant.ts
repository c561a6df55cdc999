import { z } from 'zod';
import { newNumber } from '../../common/ids.js';
import { PlatformError } from '../errors.js';
import type { MerchantAccount, MerchantDescription } from '../payment-platform.js';
import type { AccountCheck, PlatformAccount } from '../platform.js';
import { repeating } from '../repeating.js';
import type { AlipayGateway } from './alipay.gateway.js';
import { codeOf, CREATE_ERRORS, meaningOf } from './alipay.trade.errors.js';

type Check = AccountCheck['checks'][number];

/** The merchant is only the seller that an order names; the keys that sign for it are those of the mini-programs. */
export const AlipayMerchant: MerchantDescription = {
  merchantId: z
    .string()
    .regex(/^2088\d{12}$/, 'A merchant id of Alipay (PID, 商家 ID) has 16 digits and begins with 2088.'),
  credentials: z.strictObject({}).meta({
    description: "Alipay's merchants have no keys of their own: calls are signed with those of the mini-program.",
  }),
  secretFields: [],
};

/** Asks, for each mini-program, about an order that does not exist: only who may take payments is told so. */
export async function verifyMerchant(
  gateway: AlipayGateway,
  { merchantId }: MerchantAccount,
  programs: readonly PlatformAccount[],
): Promise<AccountCheck> {
  const checks =
    programs.length === 0 ? [NO_PROGRAM] : await Promise.all(programs.map((program) => checkProgram(gateway, program)));
  const seller = {
    name: 'merchantId',
    ok: true,
    // No answer of Alipay names the seller; a wrong one is refused with the first order (INVALID_RECEIVE_ACCOUNT).
    detail: `${merchantId} has the form of a merchant id; only the first order proves that it is the right one.`,
  };
  return { ok: checks.every(({ ok }) => ok), checks: [seller, ...checks] };
}

const NO_PROGRAM: Check = {
  name: 'programs',
  ok: false,
  detail:
    'No mini-program uses this merchant account. Save one of Alipay with this as its default merchant account: its keys sign the calls.',
};

async function checkProgram(gateway: AlipayGateway, program: PlatformAccount): Promise<Check> {
  const name = `program ${program.platformAppId}`;
  const fails = (detail: string, code?: string): Check => ({
    name,
    ok: false,
    detail: code === undefined ? detail : `${detail} [${code}]`,
  });
  try {
    const call = { method: 'alipay.trade.query', bizContent: { out_trade_no: newNumber() } };
    const { refusal } = await repeating(() => gateway.ask(program, call));
    if (!refusal) return fails('Alipay told of an order that does not exist.');
    const meaning = meaningOf(program, refusal, CREATE_ERRORS);
    return meaning.kind === 'absent'
      ? { name, ok: true, detail: 'Alipay lets this mini-program ask about payments.' }
      : fails(meaning.detail, codeOf(refusal));
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return fails(error.message, error.platformCode);
  }
}
