import type { KeyObject } from 'node:crypto';
import type { ZodType } from 'zod';
import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformHttp, PlatformResponse } from '../platform-http.js';
import type { PlatformAccount } from '../platform.js';
import { repeating } from '../repeating.js';
import { decryptContent } from './alipay.cipher.js';
import { aesKeysDiffer, errorOf, type Refusal } from './alipay.errors.js';
import type { AlipayKeyring, AlipayKeys, CertificateSet } from './alipay.keyring.js';
import { readRenewedCertificate } from './alipay.renewal.js';
import { aesKeyOf, type GatewayCall, signedForm } from './alipay.request.js';
import { openAnswer, type SealedAnswer, verifiedContent } from './alipay.signature.js';
import { DownloadedCertificate, Verdict } from './alipay.wire.js';

const ORIGIN = 'https://openapi.alipay.com';
const PATH = '/gateway.do';
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
const SUCCESS = '10000';
const CERTIFICATE_SN = /^[0-9a-f]{32}$/;
const QUOTE = 0x22;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** What Alipay answered, verified and opened. */
export interface GatewayAnswer {
  readonly node: unknown;
  /** Alipay's refusal; absent when the call succeeded. */
  readonly refusal: Refusal | undefined;
  /** False only for a refusal that came without a signature. */
  readonly isSigned: boolean;
}

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
    const answer = await this.#send(account, keys, call);
    if (answer.signature === undefined) return unsignedRefusal(account, answer);
    const alipayKey = await this.#keyFor(account, keys, answer);
    const content = verifiedContent(answer.node, answer.signature, alipayKey);
    if (!content) throw doesNotVerify(account, keys, answer);
    return { ...opened(account, decrypted(account, keys, content)), isSigned: true };
  }

  async #send(account: PlatformAccount, keys: AlipayKeys, call: GatewayCall): Promise<SealedAnswer> {
    const response = await this.http.send(account, {
      origin: ORIGIN,
      method: 'POST',
      path: PATH,
      operation: call.method,
      headers: HEADERS,
      body: signedForm(account, keys, call),
    });
    return readAnswer(account, response, call.method);
  }

  /** The key of the certificate that the answer names; one that we do not hold yet is fetched from Alipay. */
  async #keyFor(account: PlatformAccount, keys: AlipayKeys, { certificateSn: sn }: SealedAnswer): Promise<KeyObject> {
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
    const { node } = await this.#send(account, keys, { method, bizContent: { alipay_cert_sn: sn } });
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

/** The gateway itself answers everything with 200; any other status is of something before it. */
function readAnswer(account: PlatformAccount, { status, body }: PlatformResponse, method: string): SealedAnswer {
  const platformCode = `http_${status}`;
  if (status >= 500) throw new PlatformError('platform_busy', account, { platformCode, repeats: 2 });
  if (status === 429) throw new PlatformError('platform_rate_limited', account, { platformCode, retryAfter: 1 });
  try {
    return openAnswer(body, method);
  } catch {
    throw new PlatformError('platform_answer_invalid', account, { platformCode });
  }
}

/** A refusal may come unsigned (Alipay looks at the app id before it knows with whose key to sign); a success never. */
function unsignedRefusal(account: PlatformAccount, { node }: SealedAnswer): GatewayAnswer {
  const answer = opened(account, node);
  if (answer.refusal) return { ...answer, isSigned: false };
  throw new PlatformError('platform_answer_invalid', account, { detail: 'The answer came without a signature.' });
}

function doesNotVerify(account: PlatformAccount, { certificates }: AlipayKeys, answer: SealedAnswer): PlatformError {
  const field = certificates ? 'alipayCertificate' : 'alipayPublicKey';
  const modesDiffer = (certificates === undefined) !== (answer.certificateSn === undefined);
  const mode = certificates ? 'key' : 'certificate';
  return new PlatformError('platform_answer_invalid', account, {
    detail: modesDiffer
      ? `The answer does not verify with ${field}: the console of this mini-program seems to be in ${mode} mode.`
      : `The answer does not verify with ${field}: compare it with the one in the console.`,
  });
}

/** An encrypted node is a JSON string; its quotes were signed along. */
function decrypted(account: PlatformAccount, keys: AlipayKeys, content: Buffer): Buffer {
  if (content[0] !== QUOTE) return content;
  const aesKey = aesKeyOf(account, keys);
  try {
    return decryptContent(String(JSON.parse(content.toString('utf8'))), aesKey);
  } catch {
    throw aesKeysDiffer(account);
  }
}

function opened(account: PlatformAccount, content: Buffer): Omit<GatewayAnswer, 'isSigned'> {
  let node: unknown;
  try {
    node = JSON.parse(UTF8.decode(content));
  } catch {
    // Without the cause, here and above: a parser's message quotes what it could not read.
    throw new PlatformError('platform_answer_invalid', account);
  }
  const { code, msg, sub_code: subCode, sub_msg: subMsg } = shaped(account, node, Verdict);
  const isSuccess = (code === undefined || code === SUCCESS) && subCode === undefined;
  // This refusal quotes our whole call, the login code included, which is still good.
  const quotesCall = subCode === 'isv.invalid-signature';
  const message = [code, msg, subCode, quotesCall ? undefined : subMsg].filter(Boolean).join(' ').slice(0, 300);
  return { node, refusal: isSuccess ? undefined : { code, subCode, message } };
}
