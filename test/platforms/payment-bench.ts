import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type {
  ClientAction,
  HttpReply,
  MerchantAccount,
  PayAccounts,
  PlatformPayments,
  RawCallback,
} from '../../src/platforms/payment-platform.js';
import { CallbackRefused } from '../../src/platforms/payment-platform.js';
import type { PlatformHttp } from '../../src/platforms/platform-http.js';
import type { LoginCodes, LoginPlatform, PlatformCode } from '../../src/platforms/platform.js';
import type { Bench } from './bench.js';
import type { PaymentBench, PaymentFault, PlatformCall } from './payment.contract.js';

const PERSON = 'ming';

/** What the bench must be told of a platform, because only that platform spells it so. */
export interface PaymentStand {
  readonly platform: PlatformCode;
  platformOver(http: PlatformHttp): LoginPlatform & { readonly payments: PlatformPayments };
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
  readonly received: RawCallback[] = [];
  answering: 'accepted' | 'retry' = 'accepted';
  #ahead = 0;
  #wake: () => void = () => undefined;

  private constructor(
    private readonly bench: Bench,
    private readonly stand: PaymentStand,
    private readonly server: Server,
    readonly payments: PlatformPayments,
    readonly impatient: PlatformPayments,
    readonly accounts: PayAccounts,
    readonly payer: string,
  ) {
    server.on('request', (request, response) => {
      void this.#receive(request).then(({ status, contentType, body }) => {
        response.writeHead(status, { 'content-type': contentType }).end(body);
      });
    });
  }

  static async open(bench: Bench, stand: PaymentStand): Promise<SandboxPayments> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { platform, console = {} } = stand;
    const program = await bench.account(platform, console.program);
    const { appId, mode, platformAppId } = program;
    // A developer of its own, so that no other's merchant is bound to the mini-program.
    const common = { platform, entity: platformAppId, callbackOrigin: originOf(server) };
    await act(bench, 'accounts', { ...common, kind: 'program', platformAppId });
    const shown = await act<Pick<MerchantAccount, 'merchantId' | 'credentials'>>(bench, 'accounts', {
      ...common,
      kind: 'merchant',
      ...(console.merchant && { credentials: console.merchant }),
    });
    const { merchantId, credentials } = shown;
    const merchant = { appId, id: `mac_${platformAppId}`, platform, merchantId, mode, credentials, defaults: {} };
    const { payments, ...rest } = { payments: stand.platformOver(bench.http).payments, program, merchant };
    const codes = await bench.person<LoginCodes>('login', program, { user: PERSON });
    const { openid = '' } = await stand.platformOver(bench.http).exchange(program, codes);
    const impatient = stand.platformOver(bench.impatientHttp).payments;
    return new SandboxPayments(bench, stand, server, payments, impatient, rest, openid);
  }

  another(): Promise<PaymentBench> {
    return SandboxPayments.open(this.bench, this.stand);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  get signatureHeaders(): readonly string[] {
    return this.stand.signatureHeaders;
  }

  get notifyUrl(): string {
    const { program, merchant } = this.accounts;
    return `${originOf(this.server)}/callbacks/${this.payments.callbacksTo === 'program' ? program.id : merchant.id}`;
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
    await act(this.bench, 'clock', { accounts, now: this.businessNow().toISOString() });
  }

  async cashier(clientAction: ClientAction, outcome: 'pay' | 'cancel'): Promise<boolean> {
    const answer = await post(this.bench, 'cashier', { clientAction, outcome, user: PERSON });
    // A tester is told 422 where a client function would not even open.
    return answer.ok && this.stand.isPaid((await answer.json()) as Record<string, unknown>);
  }

  async fault(kind: PaymentFault, at: PlatformCall | 'callback', times = 1): Promise<void> {
    const { platform } = this.stand;
    const path = at === 'callback' ? undefined : this.stand.calls[at];
    const match = path === undefined ? { platform, direction: 'out' } : { platform, path };
    await act(this.bench, 'faults', { match, kind, times });
  }

  noFaults(): Promise<void> {
    return this.bench.noFaults();
  }

  async callback(count: number): Promise<RawCallback> {
    while (this.received.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.received[count - 1]!;
  }

  async #receive(request: IncomingMessage): Promise<HttpReply> {
    const { method = '', headers } = request;
    const body = await buffer(request);
    const raw: RawCallback = {
      method,
      headers: headers as RawCallback['headers'],
      body,
      hint: undefined,
      receivedAt: new Date(),
    };
    const reply = await this.#answer(raw);
    this.received.push(raw);
    this.#wake();
    return reply;
  }

  async #answer(raw: RawCallback): Promise<HttpReply> {
    if (this.answering === 'retry') return this.payments.acknowledge({ kind: 'retry' });
    const { program, merchant } = this.accounts;
    const account = this.payments.callbacksTo === 'program' ? program : merchant;
    try {
      const callback = await this.payments.readCallback(account, raw);
      return this.payments.acknowledge({ kind: 'accepted', callback });
    } catch (error) {
      return this.payments.acknowledge({ kind: error instanceof CallbackRefused ? 'refused' : 'retry' });
    }
  }
}

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const post = (bench: Bench, action: string, body: object): Promise<Response> =>
  fetch(`${bench.sandboxUrl}/_/${action}`, { method: 'POST', body: JSON.stringify(body) });

async function act<T>(bench: Bench, action: string, body: object): Promise<T> {
  const answer = await post(bench, action, body);
  if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
