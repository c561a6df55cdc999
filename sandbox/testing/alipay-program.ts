import { AlipaySdk, type AlipaySdkConfig } from 'alipay-sdk';
import { createSign } from 'node:crypto';
import type { Fields, TestSandbox } from './test-sandbox.js';

type Texts = Record<string, string>;

/** What the gateway answered, as it came. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `<method>_response`, or `error_response`. */
  readonly name: string;
  readonly node: Fields;
  readonly signature: unknown;
}

/** A mini-program of the simulated Alipay with what its server holds; calls are signed by Alipay's own SDK. */
export class AlipayProgram {
  private constructor(
    readonly sandbox: TestSandbox,
    readonly platformAppId: string,
    readonly credentials: Texts,
  ) {}

  static async register(sandbox: TestSandbox, credentials: Fields = {}, over: Fields = {}): Promise<AlipayProgram> {
    const { platformAppId, credentials: shown } = await sandbox.account('alipay', { credentials, ...over });
    return new AlipayProgram(sandbox, String(platformAppId), shown as Texts);
  }

  /** As a developer configures it from what the console shows. */
  sdk(over: Partial<AlipaySdkConfig> = {}): AlipaySdk {
    const { mode, appPrivateKey = '', alipayPublicKey = '', aesKey = '' } = this.credentials;
    const { appCertificate = '', alipayCertificate = '', alipayRootCertificate = '' } = this.credentials;
    return new AlipaySdk({
      appId: this.platformAppId,
      privateKey: appPrivateKey,
      keyType: 'PKCS8',
      encryptKey: aesKey,
      camelcase: false,
      gateway: `${this.sandbox.url}/gateway.do`,
      endpoint: this.sandbox.url,
      ...(mode === 'key' && { alipayPublicKey }),
      ...(mode === 'certificate' && {
        appCertContent: appCertificate,
        alipayPublicCertContent: alipayCertificate,
        alipayRootCertContent: alipayRootCertificate,
      }),
      ...over,
    });
  }

  /** What `my.getAuthCode` gives. */
  async login(user: string, scopes?: string[]): Promise<string> {
    const { platformAppId } = this;
    return String((await this.sandbox.post('/_/login', { platform: 'alipay', platformAppId, user, scopes })).code);
  }

  /** What `alipay.system.oauth.token` gives for a login of `user`; the SDK checks the signature. */
  async token(user: string, scopes?: string[]): Promise<Texts> {
    return this.exchange(await this.login(user, scopes));
  }

  async exchange(code: string): Promise<Texts> {
    return this.call('alipay.system.oauth.token', { grant_type: 'authorization_code', code });
  }

  async refresh(refreshToken: string): Promise<Texts> {
    return this.call('alipay.system.oauth.token', { grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async call(method: string, params: Fields): Promise<Texts> {
    return await this.sdk().exec(method, params, { validateSign: true });
  }

  /** The signed parameters of a call, to be spoilt by a test. */
  signed(method: string, params: Fields = {}): URLSearchParams {
    return new URLSearchParams(this.sdk().sdkExecute(method, params));
  }

  /** Signs again after a change that the SDK would not make. */
  resigned(parameters: URLSearchParams): URLSearchParams {
    const fields = [...parameters].filter(([name]) => name !== 'sign').map(([name, value]) => `${name}=${value}`);
    const signature = createSign('RSA-SHA256').update(fields.sort().join('&'));
    parameters.set('sign', signature.sign(this.credentials.appPrivateKey ?? '', 'base64'));
    return parameters;
  }

  send(parameters: URLSearchParams): Promise<GatewayAnswer> {
    return gatewayAnswer(fetch(`${this.sandbox.url}/gateway.do`, { method: 'POST', body: parameters }));
  }

  fault(kind: string, over: Fields = {}): Promise<Fields> {
    const match = { platform: 'alipay', platformAppId: this.platformAppId };
    return this.sandbox.post('/_/faults', { match, kind, ...over });
  }
}

export async function gatewayAnswer(sent: Promise<Response>): Promise<GatewayAnswer> {
  const response = await sent;
  const text = await response.text();
  const { sign: signature, alipay_cert_sn: _, ...nodes } = JSON.parse(text) as Fields;
  const [[name, node] = ['', {}]] = Object.entries(nodes);
  return { status: response.status, headers: response.headers, text, name, node: node as Fields, signature };
}
