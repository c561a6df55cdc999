import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toFen } from '../../src/common/money.js';
import { newNumber } from '../../src/common/ids.js';
import { Clock } from '../../src/common/clock.js';
import type { MerchantAccount, PayAccounts, PayOrder, RefundOrder } from '../../src/platforms/payment-platform.js';
import { UndiciHttp } from '../../src/platforms/undici-http.js';
import { WechatPayments } from '../../src/platforms/wechat/pay/pay.js';

class HeldClock extends Clock {
  constructor(public at: Date) {
    super();
  }
  override now(): Date {
    return this.at;
  }
}

export const NOW = new Date('2026-11-20T10:00:00Z');
const newPair = (modulusLength = 2048): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
export const merchantPair = newPair();
export const wechatPair = newPair();
export const otherPair = newPair();
export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0114232134912410000000000000';
export const API_V3_KEY = 'AES256Key-32Characters1234567890';
export const SERIAL = '5F1C72E2A8931B72A2E13AF8DEE92471EB397115';

interface Arrived {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}
export interface Given {
  status?: number;
  body?: object | string;
  headers?: Record<string, string>;
  /** How the signature goes wrong; `none` has no headers at all. */
  signed?: 'well' | 'none' | 'by_somebody' | 'probe' | 'stale' | 'unknown_serial';
}

export const signedHeaders = (body: string, { at = NOW, key = wechatPair.privateKey, serial = PUBLIC_KEY_ID } = {}) => {
  const timestamp = String(at.getTime() / 1_000);
  const nonce = 'c5ac7061fccab6bf3e254dcf98995b8c';
  const content = Buffer.from(`${timestamp}\n${nonce}\n${body}\n`);
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': sign('RSA-SHA256', content, key).toString('base64'),
    'wechatpay-serial': serial,
  };
};

/** WeChat Pay, giving one prepared answer after another. */
class Stand {
  readonly arrived: Arrived[] = [];
  readonly #answers: Given[] = [];
  readonly #server: Server;
  url = '';

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        this.arrived.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        this.#give(response, this.#answers.shift() ?? { status: 500, body: { code: 'SYSTEM_ERROR' } });
      });
    });
  }
  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
  answers(...answers: Given[]): void {
    this.arrived.length = 0;
    this.#answers.splice(0, Infinity, ...answers);
  }
  #give(response: ServerResponse, { status = 200, body = '', headers = {}, signed = 'well' }: Given): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { ...(status < 300 && signed !== 'none' ? headersFor(text, signed) : {}), ...headers });
    response.end(status === 204 ? undefined : text);
  }
}

function headersFor(text: string, signed: NonNullable<Given['signed']>): Record<string, string> {
  if (signed === 'by_somebody') return signedHeaders(text, { key: otherPair.privateKey });
  if (signed === 'stale') return signedHeaders(text, { at: new Date(NOW.getTime() - 301_000) });
  if (signed === 'unknown_serial') return signedHeaders(text, { serial: 'PUB_KEY_ID_1' });
  const probe = signed === 'probe' ? { 'wechatpay-signature': 'WECHATPAY/SIGNTEST/abc' } : {};
  return { ...signedHeaders(text), ...probe };
}

/** WeChat Pay as a stand, and ours in front of it, at a held time. */
export class PayBench {
  private constructor(
    readonly stand: Stand,
    private readonly http: UndiciHttp,
    readonly payments: WechatPayments,
  ) {}

  static async start(): Promise<PayBench> {
    const stand = new Stand();
    await stand.start();
    const http = new UndiciHttp({ sandboxUrl: stand.url });
    return new PayBench(stand, http, new WechatPayments(http, new HeldClock(NOW)));
  }

  async stop(): Promise<void> {
    await this.http.close();
    await this.stand.stop();
  }
}

export const merchant: MerchantAccount = {
  appId: 'app_1',
  id: 'mac_1',
  platform: 'wechat',
  merchantId: '1900000001',
  mode: 'test',
  credentials: { serial: SERIAL, privateKey: merchantPair.privateKey, apiV3Key: API_V3_KEY, publicKeyId: PUBLIC_KEY_ID, publicKey: wechatPair.publicKey }, // prettier-ignore
  defaults: {},
};
export const program = { appId: 'app_1', id: 'pac_1', platform: 'wechat', platformAppId: 'wx81be3101902f7cb2', mode: 'test', credentials: {} } as const; // prettier-ignore
export const accounts: PayAccounts = { merchant, program };

export const anOrder = (over: Partial<PayOrder> = {}): PayOrder => ({
  number: newNumber(),
  amount: toFen(1234),
  currency: 'CNY',
  subject: '两杯咖啡',
  payer: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
  expiresAt: new Date('2026-11-20T18:30:00.500Z'),
  notifyUrl: 'https://pay.example.com/callbacks/mac_1',
  settings: {},
  handle: null,
  transactionId: null,
  ...over,
});
export const aRefund = (over: Partial<RefundOrder> = {}): RefundOrder => ({
  number: newNumber(),
  amount: toFen(200),
  reason: '不好喝',
  notifyUrl: 'https://pay.example.com/callbacks/mac_1',
  platformRefundId: null,
  payment: anOrder(),
  refundedBefore: toFen(0),
  ...over,
});
export const transactionOf = (order: PayOrder, over: object = {}) => ({
  appid: program.platformAppId,
  mchid: merchant.merchantId,
  out_trade_no: order.number,
  transaction_id: '4200000925202101284997714292',
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  success_time: '2026-11-20T17:59:00+08:00',
  payer: { openid: order.payer },
  amount: { total: order.amount, payer_total: 1000, currency: 'CNY', payer_currency: 'CNY' },
  something_new: { a: 1 },
  ...over,
});
export const refundOf = ({ number, amount, payment }: RefundOrder, over: object = {}) => ({
  refund_id: '50000000382019052709732678859',
  out_refund_no: number,
  transaction_id: '4200',
  out_trade_no: payment.number,
  status: 'PROCESSING',
  create_time: '2026-11-20T18:00:00+08:00',
  amount: { total: payment.amount, refund: amount, payer_total: 1000, payer_refund: 150 },
  ...over,
});
export const failure = (status: number, code: string, requestId?: string): Given => ({
  status,
  body: { code, message: '微信的话' },
  headers: requestId === undefined ? {} : { 'request-id': requestId },
});

/** Whether what arrived is signed by the merchant, over what arrived. */
export function isWellSigned({ method, url, headers, body }: Arrived): boolean {
  const pairs = [...(headers.authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)];
  const said = (name: string): string => pairs.find(([, one]) => one === name)?.[2] ?? '';
  const content = `${method}\n${url}\n${said('timestamp')}\n${said('nonce_str')}\n${body}\n`;
  return (
    headers.authorization?.startsWith('WECHATPAY2-SHA256-RSA2048 ') === true &&
    said('mchid') === merchant.merchantId &&
    said('serial_no') === SERIAL &&
    said('timestamp') === String(NOW.getTime() / 1_000) &&
    verify('RSA-SHA256', Buffer.from(content), merchantPair.publicKey, Buffer.from(said('signature'), 'base64'))
  );
}
