import { createDecipheriv } from 'node:crypto';
import { type Fields, TestSandbox } from './test-sandbox.js';

/** Values for the stock template of paid orders. */
export const PAID = {
  thing1: { value: '一杯咖啡' },
  amount2: { value: '￥12.34' },
  time3: { value: '2026年11月20日 15:01' },
};

/** One WeChat mini-program and its server. */
export class WechatProgram {
  private constructor(
    readonly sandbox: TestSandbox,
    readonly platformAppId: string,
    /** What the registration answered. */
    readonly account: Fields,
    readonly token: string,
  ) {}

  static async register(sandbox: TestSandbox, platformAppId: string, over: Fields = {}): Promise<WechatProgram> {
    const account = await sandbox.account('wechat', { platformAppId, credentials: { secret: 's' }, ...over });
    const body = { grant_type: 'client_credential', appid: platformAppId, secret: 's' };
    const { access_token: token } = await sandbox.post('/cgi-bin/stable_token', body);
    return new WechatProgram(sandbox, platformAppId, account, String(token));
  }

  get credentials(): Record<string, string> {
    return this.account.credentials as Record<string, string>;
  }

  /** Ids of the stock templates: two one-time ones, one long-term. */
  get templateIds(): [paid: string, shipped: string, progress: string] {
    return (this.account.templates as { templateId: string }[]).map(({ templateId }) => templateId) as [
      string,
      string,
      string,
    ];
  }

  /** The person answers the dialog; the client's result. */
  async consent(user: string, templateIds: readonly string[], over: Fields = {}): Promise<Fields> {
    const { platformAppId } = this;
    const body = { platform: 'wechat', platformAppId, user, templateIds, answer: 'accept', ...over };
    return (await this.sandbox.post('/_/consent', body)).results as Fields;
  }

  async openid(user: string): Promise<string> {
    const [consent] = await this.consents(user);
    return String(consent?.openid);
  }

  async consents(user: string): Promise<Fields[]> {
    const { platformAppId } = this;
    return (await this.sandbox.get('/_/consents', { platform: 'wechat', platformAppId, user })).consents as Fields[];
  }

  async messages(user: string): Promise<Fields[]> {
    const { platformAppId } = this;
    return (await this.sandbox.get('/_/messages', { platform: 'wechat', platformAppId, user })).messages as Fields[];
  }

  send(openid: string, over: Fields = {}): Promise<Fields> {
    const body = { touser: openid, template_id: this.templateIds[0], data: PAID, ...over };
    return this.post('/cgi-bin/message/subscribe/send', body);
  }

  post(path: string, body: unknown): Promise<Fields> {
    return this.sandbox.post(path, body, { query: { access_token: this.token } });
  }

  get(path: string, query: Record<string, string> = {}): Promise<Fields> {
    return this.sandbox.get(path, { access_token: this.token, ...query });
  }

  /** What an encrypted push says, and for whom it was encrypted. */
  decrypt(encrypted: string): { message: string; appid: string } {
    const key = Buffer.from(`${this.credentials.messageAesKey ?? ''}=`, 'base64');
    const cipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
    const padded = Buffer.concat([cipher.update(encrypted, 'base64'), cipher.final()]);
    const plain = padded.subarray(0, padded.length - (padded.at(-1) ?? 0));
    const length = plain.readUInt32BE(16);
    return { message: plain.toString('utf8', 20, 20 + length), appid: plain.toString('utf8', 20 + length) };
  }
}
