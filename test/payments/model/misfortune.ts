import type { PlatformCode } from '../../../src/platforms/platform.js';
import type { Command } from './commands.js';
import type { ModelShop } from './shop.js';
import { play } from './stage.js';

/** Where a success is told, and nothing else: a platform that lies about refunds which only it knows cannot be caught. */
const SUCCESS: Readonly<Record<string, string>> = {
  wechat: 'TRANSACTION.SUCCESS',
  alipay: 'TRADE_SUCCESS',
  douyin: 'payment.SUCCESS',
};

/** What platforms say when they have no time, and when the merchant has no money for a refund. */
const CODES: Readonly<Record<string, { busy: string; poor: { path: string; code: string } }>> = {
  wechat: { busy: 'SYSTEM_ERROR', poor: { path: '/v3/refund/domestic/refunds', code: 'NOT_ENOUGH' } },
  alipay: { busy: 'aop.unknow-error', poor: { path: 'alipay.trade.refund', code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' } },
  douyin: { busy: '1000', poor: { path: '/api/trade_basic/v1/developer/refund_create/', code: '12001' } },
};

/** Lets the next calls or callbacks of a platform go wrong. */
export async function addFault(shop: ModelShop, { platform, fault }: Extract<Command, { does: 'fault' }>) {
  const { kind, times, milliseconds, code, direction } = fault;
  const common = { kind, ...(times && { times }), ...(milliseconds && { milliseconds }) };
  const match = { platform, ...(direction && { direction }) };
  const { status, body } = await play(shop.stage, 'faults', { ...common, ...matching(platform, match, kind, code) });
  return `${platform} ${kind}: ${status} ${status < 300 ? '' : JSON.stringify(body)}`;
}

function matching(platform: PlatformCode, match: object, kind: string, code: 'busy' | 'poor' | undefined): object {
  const codes = CODES[platform]!;
  if (code === 'busy') return { match, code: codes.busy };
  if (code === 'poor') return { match: { ...match, path: codes.poor.path }, code: codes.poor.code };
  if (kind === 'wrong_amount') return { match: { ...match, operation: SUCCESS[platform] } };
  return { match };
}
