import {
  type CallbackPlatform,
  type CallbackReader,
  CallbackRefused,
  type HttpReply,
  type RawCallback,
} from '../../src/platforms/callback.js';
import type {
  ClientAction,
  MerchantAccount,
  PayAccounts,
  PaymentPlatform,
  PlatformPayments,
} from '../../src/platforms/payment-platform.js';
import type { PlatformHttp } from '../../src/platforms/platform-http.js';
import type { LoginCodes, LoginPlatform, PlatformCode } from '../../src/platforms/platform.js';
import type { Bench } from './bench.js';
import { CallbackAddress } from './callback-address.js';
import type { PaymentBench, PaymentFault, PlatformCall } from './payment-contract/needs.js';

const PERSON = 'ming';

/** What the bench must be told of a platform, because only that platform spells it so. */
export interface PaymentStand {
  readonly platform: PlatformCode;
  platformOver(http: PlatformHttp): LoginPlatform & PaymentPlatform & CallbackPlatform;
  /** What the console of the sandbox is told beside what it makes up. */
  readonly console?: { readonly program?: object; readonly merchant?: object };
  /** By which path or operation the sandbox knows a call; calls that the platform does not need are left out. */
  readonly calls: Readonly<Partial<Record<PlatformCall, string>>>;
  /** Headers that are signed, or sign; in lower case. */
  readonly signatureHeaders: readonly string[];
  /** Whether the last of the client's functions has reported a payment. */
  isPaid(answer: Readonly<Record<string, unknown>>): boolean;
}

/** A developer with one mini-program and one merchant in the sandbox, and the address that the platform calls back. */
export class SandboxPayments implements PaymentBench {
  answering: 'accepted' | 'retry' = 'accepted';
  #ahead = 0;

  private constructor(
    private readonly bench: Bench,
    private readonly stand: PaymentStand,
    private readonly address: CallbackAddress,
    readonly payments: PlatformPayments,
    readonly impatient: PlatformPayments,
    readonly callbacks: CallbackReader,
    readonly accounts: PayAccounts,
    readonly payer: string,
  ) {
    address.answers((raw) => this.#answer(raw));
  }

  static async open(bench: Bench, stand: PaymentStand): Promise<SandboxPayments> {
    const address = await CallbackAddress.open();
    const { platform, console = {} } = stand;
    const program = await bench.account(platform, console.program);
    const { appId, mode, platformAppId } = program;
    // A developer of its own, so that no other's merchant is bound to the mini-program.
    const common = { platform, entity: platformAppId, callbackOrigin: address.origin };
    await bench.act('accounts', { ...common, kind: 'program', platformAppId });
    const shown = await bench.act<Pick<MerchantAccount, 'merchantId' | 'credentials'>>('accounts', {
      ...common,
      kind: 'merchant',
      ...(console.merchant && { credentials: console.merchant }),
    });
    const { merchantId, credentials } = shown;
    const merchant = { appId, id: `mac_${platformAppId}`, platform, merchantId, mode, credentials, defaults: {} };
    const { payments, callbacks } = stand.platformOver(bench.http);
    const reader = callbacks[payments.callbacksTo];
    if (!reader) throw new Error(`${platform} does not read the callbacks of its payments`);
    const codes = await bench.person<LoginCodes>('login', program, { user: PERSON });
    const { openid = '' } = await stand.platformOver(bench.http).exchange(program, codes);
    const impatient = stand.platformOver(bench.impatientHttp).payments;
    const accounts = { program, merchant };
    return new SandboxPayments(bench, stand, address, payments, impatient, reader, accounts, openid);
  }

  another(): Promise<PaymentBench> {
    return SandboxPayments.open(this.bench, this.stand);
  }

  close(): Promise<void> {
    return this.address.close();
  }

  get received(): readonly RawCallback[] {
    return this.address.received;
  }

  get signatureHeaders(): readonly string[] {
    return this.stand.signatureHeaders;
  }

  get notifyUrl(): string {
    const { program, merchant } = this.accounts;
    return `${this.address.origin}/callbacks/${this.payments.callbacksTo === 'program' ? program.id : merchant.id}`;
  }

  businessNow(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  async pass(seconds: number): Promise<void> {
    this.#ahead += seconds * 1_000;
    const { platform, platformAppId } = this.accounts.program;
    const { merchantId } = this.accounts.merchant;
    const accounts = [
      { platform, platformAppId },
      { platform, merchantId },
    ];
    await this.bench.act('clock', { accounts, now: this.businessNow().toISOString() });
  }

  async cashier(clientAction: ClientAction, outcome: 'pay' | 'cancel'): Promise<boolean> {
    const answer = await this.bench.post('cashier', { clientAction, outcome, user: PERSON });
    // A tester is told 422 where a client function would not even open.
    return answer.ok && this.stand.isPaid((await answer.json()) as Record<string, unknown>);
  }

  async fault(kind: PaymentFault, at: PlatformCall | 'callback', times = 1): Promise<void> {
    const { platform } = this.stand;
    const path = at === 'callback' ? undefined : this.stand.calls[at];
    const match = path === undefined ? { platform, direction: 'out' } : { platform, path };
    await this.bench.act('faults', { match, kind, times });
  }

  noFaults(): Promise<void> {
    return this.bench.noFaults();
  }

  callback(count: number): Promise<RawCallback> {
    return this.address.until(() => this.received[count - 1]);
  }

  async #answer(raw: RawCallback): Promise<HttpReply> {
    if (this.answering === 'retry') return this.callbacks.acknowledge({ kind: 'retry' });
    const { program, merchant } = this.accounts;
    const account = this.payments.callbacksTo === 'program' ? program : merchant;
    try {
      const callback = await this.callbacks.read(account, raw);
      if ('kind' in callback) return callback.reply;
      return this.callbacks.acknowledge({ kind: 'accepted', callback });
    } catch (error) {
      return this.callbacks.acknowledge({ kind: error instanceof CallbackRefused ? 'refused' : 'retry' });
    }
  }
}
