import type { KeyObject } from 'node:crypto';
import type { ZodType } from 'zod';
import { newNumber } from '../../common/ids.js';
import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformHttp, PlatformResponse } from '../platform-http.js';
import type { PlatformAccount } from '../platform.js';
import { repeating } from '../repeating.js';
import {
  decrypted,
  doesNotVerify,
  type GatewayAnswer,
  opened,
  outcomeUnknown,
  readAnswer,
  unsignedRefusal,
} from './alipay.answers.js';
import { errorOf } from './alipay.errors.js';
import type { AlipayKeyring, AlipayKeys, CertificateSet } from './alipay.keyring.js';
import { readRenewedCertificate } from './alipay.renewal.js';
import { type GatewayCall, signedForm } from './alipay.request.js';
import { verifiedContent } from './alipay.signature.js';
import { DownloadedCertificate } from './alipay.wire.js';

const ORIGIN = 'https://openapi.alipay.com';
const PATH = '/gateway.do';
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
const CERTIFICATE_SN = /^[0-9a-f]{32}$/;

/** Signs calls, verifies and opens answers. */
export class AlipayGateway {
  constructor(
    private readonly http: PlatformHttp,
    private readonly keyring: AlipayKeyring,
  ) {}

  /** The answer to a call in the shape of `schema`. Throws PlatformError, also for what Alipay refuses. */
  async call<T>(account: PlatformAccount, call: GatewayCall, schema: ZodType<T>): Promise<T> {
    const { node, refusal } = await this.ask(account, call);
    if (refusal) throw errorOf(account, refusal);
    return shaped(account, node, schema);
  }

  /** Like `call`, but tells a refusal instead of throwing it. */
  async ask(account: PlatformAccount, call: GatewayCall): Promise<GatewayAnswer> {
    const keys = this.keyring.of(account);
    return this.#read(account, keys, call, await this.#send(account, keys, call));
  }

  /**
   * Like `ask`, for a call that changes something at Alipay: whatever hinders its answer after it was sent leaves the
   * outcome open, and is thrown as `platform_unknown`.
   */
  async act(account: PlatformAccount, call: GatewayCall): Promise<GatewayAnswer> {
    const keys = this.keyring.of(account);
    const response = await this.#send(account, keys, call);
    try {
      return await this.#read(account, keys, call, response);
    } catch (error) {
      throw outcomeUnknown(account, error);
    }
  }

  /**
   * Gets to know a certificate that Alipay has begun to sign with: the one called `sn`, else that of Alipay's answer to
   * a harmless question. Certificate mode only. Throws PlatformError.
   */
  async meetCertificate(account: PlatformAccount, sn?: string): Promise<void> {
    const keys = this.keyring.of(account);
    if (sn !== undefined) await this.#keyFor(account, keys, sn);
    else await this.ask(account, { method: 'alipay.trade.query', bizContent: { out_trade_no: newNumber() } });
  }

  #send(account: PlatformAccount, keys: AlipayKeys, call: GatewayCall): Promise<PlatformResponse> {
    return this.http.send(account, {
      origin: ORIGIN,
      method: 'POST',
      path: PATH,
      operation: call.method,
      headers: HEADERS,
      body: signedForm(account, keys, call),
    });
  }

  async #read(
    account: PlatformAccount,
    keys: AlipayKeys,
    { method }: GatewayCall,
    response: PlatformResponse,
  ): Promise<GatewayAnswer> {
    const answer = readAnswer(account, response, method);
    if (answer.signature === undefined) return unsignedRefusal(account, answer);
    const alipayKey = await this.#keyFor(account, keys, answer.certificateSn);
    const content = verifiedContent(answer.node, answer.signature, alipayKey);
    if (!content) throw doesNotVerify(account, keys, answer);
    return { ...opened(account, decrypted(account, keys, content)), isSigned: true };
  }

  /** The key of the certificate that the answer names; one that we do not hold yet is fetched from Alipay. */
  async #keyFor(account: PlatformAccount, keys: AlipayKeys, sn: string | undefined): Promise<KeyObject> {
    const { certificates } = keys;
    if (!certificates || !sn || !CERTIFICATE_SN.test(sn) || sn === certificates.alipaySn) return keys.alipayKey;
    const known = certificates.renewed.get(sn);
    if (known) return known;
    const renewed = repeating(() => this.#download(account, keys, certificates, sn));
    certificates.renewed.set(sn, renewed);
    renewed.catch(() => certificates.renewed.delete(sn));
    return renewed;
  }

  /** The answer's own signature is not looked at: it may be of the very certificate that is asked for, which proves itself. */
  async #download(
    account: PlatformAccount,
    keys: AlipayKeys,
    certificates: CertificateSet,
    sn: string,
  ): Promise<KeyObject> {
    const method = 'alipay.open.app.alipaycert.download';
    const response = await this.#send(account, keys, { method, bizContent: { alipay_cert_sn: sn } });
    const { node } = readAnswer(account, response, method);
    const answer = opened(account, node);
    if (answer.refusal) throw errorOf(account, answer.refusal);
    const { alipay_cert_content: content } = shaped(account, answer.node, DownloadedCertificate);
    const certificate = readRenewedCertificate(certificates, sn, content, new Date());
    if (certificate) return certificate.publicKey;
    throw new PlatformError('platform_answer_invalid', account, {
      detail: `Alipay signs with certificate ${sn}, which we cannot trust by the certificates of this account. Download alipayCertPublicKey_RSA2.crt and alipayRootCert.crt from the console and save them.`,
    });
  }
}
