import type { Account } from '../core/accounts.js';
import type { Answer, PlatformFault } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { encryptContent } from './cipher.js';
import type { AlipayCredentials } from './developer-console.js';
import type { AlipayError } from './errors.js';
import type { SigningKeys } from './signing-keys.js';

/** To whom an answer of the gateway goes, and how. */
export interface Addressee {
  /** Undefined: the call named no mini-program that exists. */
  readonly account: Account<AlipayCredentials> | undefined;
  readonly method: string | undefined;
  readonly encrypted: boolean;
  readonly fault: PlatformFault | undefined;
}

const METHOD_FORM = /^[\w.]+$/;

/** Writes what the gateway answers: HTTP 200 always, JSON without blanks that calls itself HTML. */
export class Envelopes {
  constructor(private readonly keys: SigningKeys) {}

  success(node: object, to: Addressee): Answer {
    return this.#signed(node, to);
  }

  failure({ code, msg, subCode, message, details }: AlipayError, to: Addressee): Answer {
    const node = { code, msg, sub_code: subCode, sub_msg: message, ...details };
    const { account } = to;
    // The gateway does not sign for a mini-program that it does not know (seen in a probe).
    if (!account) return answer(`{"${nameOfNode(to.method)}":${json(node)}}`);
    if (account.credentials.errorAnswers === 'unsigned') return answer(`{"error_response":${json(node)}}`);
    return this.#signed(node, to);
  }

  /** Clients cut the signed text out of the answer, so the order is fixed: node, certificate number, signature. */
  #signed(node: object, { account, method, encrypted, fault }: Addressee): Answer {
    if (!account) throw new Error('an answer for nobody cannot be signed');
    const { mode, aesKey, ring } = account.credentials;
    const signedText = encrypted ? `"${encryptContent(json(node), aesKey)}"` : json(node);
    const certificate = mode === 'certificate' ? `"alipay_cert_sn":"${this.keys.newest(ring).certificateSn}",` : '';
    const signature = this.keys.sign(ring, fault === 'wrong_signature' ? `${signedText} ` : signedText);
    return answer(`{"${nameOfNode(method)}":${signedText},${certificate}"sign":"${signature}"}`);
  }
}

const nameOfNode = (method = ''): string =>
  METHOD_FORM.test(method) ? `${method.replaceAll('.', '_')}_response` : 'error_response';

/** Alipay writes `/` as `\/` in a node: who parses it and writes it again gets another text than was signed. */
const json = (node: object): string => JSON.stringify(node).replaceAll('/', '\\/');

const answer = (body: string): Answer => ({
  contentType: 'text/html;charset=utf-8',
  headers: { trace_id: randomHex(32) },
  body,
});
