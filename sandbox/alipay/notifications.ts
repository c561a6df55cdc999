import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Account } from '../core/accounts.js';
import type { CallbackRequest, CallbackSender, CallbackTamper, OutgoingCallback, World } from '../core/platform.js';
import { chinaTime } from './china-time.js';
import type { AlipayCredentials } from './developer-console.js';
import { fenOf, yuanOf } from './money.js';
import { notificationFieldsOf } from './notification-fields.js';
import { signRsa2 } from './rsa.js';
import type { SigningKeys } from './signing-keys.js';
import { type Refund, statusOf, type Trade, type TradeStatus } from './trade.js';
import type { Trades } from './trades.js';

type Texts = Readonly<Record<string, string>>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Docs: over about 25 hours. */
const SCHEDULE = [4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR];
/** How long Alipay waits is not published. */
const PATIENCE = 5 * SECOND;

/** What mini-programs are told of unless more was agreed on (docs: default notification switches). */
const BY_DEFAULT: readonly TradeStatus[] = ['TRADE_SUCCESS'];

const AMOUNTS = ['total_amount', 'receipt_amount', 'invoice_amount', 'buyer_pay_amount'] as const;

/** What Alipay posts to merchants as a form; `trade_status_sync`, of their trades, goes to each trade's notify_url. */
export class Notifications implements CallbackSender {
  readonly schedule = SCHEDULE;
  readonly timeout = PATIENCE;
  #foreignKey: KeyObject | undefined;

  constructor(
    private readonly world: World,
    private readonly trades: Trades,
    private readonly keys: SigningKeys,
  ) {}

  /**
   * Tells of what became of `trade` at the instant `at` (business time): of its new status, or of `refund`. Nothing is
   * sent without a notify_url, or of a status that is not switched on.
   */
  tell(trade: Trade, at: number, refund?: Refund): void {
    if (trade.notifyUrl === undefined) return;
    const account = this.trades.programOf(trade.platformAppId);
    const status = statusOf(trade, at);
    if (!this.isWanted(account, status)) return;
    this.world.call(account, {
      url: trade.notifyUrl,
      data: notificationFieldsOf(account, trade, at, refund),
      operation: refund ? 'REFUND' : status,
    });
  }

  isWanted({ credentials }: Account<AlipayCredentials>, status: TradeStatus): boolean {
    return (credentials.notifications ?? BY_DEFAULT).includes(status);
  }

  /** Signed anew at each try, so with the key of the day. */
  build(to: Account, { data }: OutgoingCallback, tamper?: CallbackTamper): CallbackRequest {
    const account = this.trades.programOf(to.platformAppId);
    const event = data as Texts;
    const fields = {
      ...(tamper === 'wrong_amount' ? withAnotherAmount(event) : event),
      notify_time: chinaTime(this.world.businessNow(account)),
    };
    const content = baseStringOf(fields);
    const sign = tamper === 'forge' ? this.#forge(content) : this.#sign(account, content, tamper);
    return {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: new URLSearchParams({ ...fields, sign, sign_type: 'RSA2' }).toString(),
    };
  }

  /** Seven letters and nothing else (docs). */
  accepts(status: number, body: string): boolean {
    return status === 200 && body === 'success';
  }

  #sign({ credentials }: Account<AlipayCredentials>, content: string, tamper: CallbackTamper | undefined): string {
    return this.keys.sign(credentials.ring, tamper === 'wrong_signature' ? `${content} ` : content);
  }

  /** What somebody who is not Alipay would send. */
  #forge(content: string): string {
    this.#foreignKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    return signRsa2(content, this.#foreignKey);
  }
}

/** Unlike that of a call, a notification's signature is not over `sign_type`. */
const baseStringOf = (fields: Texts): string =>
  Object.entries(fields)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');

const withAnotherAmount = (fields: Texts): Texts => ({
  ...fields,
  ...Object.fromEntries(
    AMOUNTS.filter((name) => name in fields).map((name) => [name, yuanOf((fenOf(fields[name] ?? '') ?? 0) + 1)]),
  ),
});
