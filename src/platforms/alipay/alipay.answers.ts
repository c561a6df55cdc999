import { shaped } from '../answers.js';
import { PlatformError } from '../errors.js';
import type { PlatformResponse } from '../platform-http.js';
import type { PlatformAccount } from '../platform.js';
import { decryptContent } from './alipay.cipher.js';
import { aesKeysDiffer, type Refusal } from './alipay.errors.js';
import type { AlipayKeys } from './alipay.keyring.js';
import { aesKeyOf } from './alipay.request.js';
import { openAnswer, type SealedAnswer } from './alipay.signature.js';
import { Verdict } from './alipay.wire.js';

const SUCCESS = '10000';
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

/** The gateway itself answers everything with 200; any other status is of something before it. */
export function readAnswer(account: PlatformAccount, { status, body }: PlatformResponse, method: string): SealedAnswer {
  const platformCode = `http_${status}`;
  if (status >= 500) throw new PlatformError('platform_busy', account, { platformCode, repeats: 2 });
  if (status === 429) throw new PlatformError('platform_rate_limited', account, { platformCode, retryAfter: 1 });
  try {
    return openAnswer(body, method);
  } catch {
    throw new PlatformError('platform_answer_invalid', account, { platformCode });
  }
}

/** HTTP 429 alone is certain: nothing was done. A 5xx may be of a proxy that lost the answer. */
export function outcomeUnknown(account: PlatformAccount, error: unknown): unknown {
  if (!(error instanceof PlatformError) || error.problem === 'platform_rate_limited') return error;
  return new PlatformError('platform_unknown', account, {
    detail: `It may or may not have happened. ${error.message}`,
    ...(error.platformCode === undefined ? {} : { platformCode: error.platformCode }),
    cause: error,
  });
}

/** A refusal may come unsigned (Alipay looks at the app id before it knows with whose key to sign); a success never. */
export function unsignedRefusal(account: PlatformAccount, { node }: SealedAnswer): GatewayAnswer {
  const answer = opened(account, node);
  if (answer.refusal) return { ...answer, isSigned: false };
  throw new PlatformError('platform_answer_invalid', account, { detail: 'The answer came without a signature.' });
}

/** What to compare when a signature is not Alipay's. */
export function doesNotVerify(
  account: PlatformAccount,
  { certificates }: AlipayKeys,
  answer: SealedAnswer,
): PlatformError {
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
export function decrypted(account: PlatformAccount, keys: AlipayKeys, content: Buffer): Buffer {
  if (content[0] !== QUOTE) return content;
  const aesKey = aesKeyOf(account, keys);
  try {
    return decryptContent(String(JSON.parse(content.toString('utf8'))), aesKey);
  } catch {
    throw aesKeysDiffer(account);
  }
}

/** A verified node, read: what it says of success or refusal. */
export function opened(account: PlatformAccount, content: Buffer): Omit<GatewayAnswer, 'isSigned'> {
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
