import { jsonFields, text } from '../core/body.js';
import type { Answer, Call, CallSubject, Route } from '../core/platform.js';
import { failure, signedHeaders, success } from './answers.js';
import { type Authorization, claimedMerchant, type Merchant } from './authorization.js';
import { PayError } from './errors.js';
import type { PlatformKeys } from './platform-keys.js';

/** Undefined: 204. Throws PayError. `value`: what stands in the path for the name in braces. */
type Handler = (call: Call, merchant: Merchant, value: string) => object | undefined;

/** One operation of APIv3; no two have the same path. */
export interface Operation {
  readonly method: 'GET' | 'POST';
  /** With at most one name in braces, as documented. */
  readonly path: string;
  readonly handle: Handler;
}

/** Where a request without Accept or User-Agent was seen to be refused, before its signature is looked at. */
const NEEDS_AGENT = /^\/v3\/(?:certificates|refund\/)/;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Checks who is calling, lets an operation decide, signs what it answers. */
export class Gateway {
  constructor(
    private readonly authorization: Authorization,
    private readonly keys: PlatformKeys,
    private readonly operations: readonly Operation[],
  ) {}

  get routes(): readonly Route[] {
    return this.operations.map((operation) => ({
      methods: ['GET', 'POST'],
      path: operation.path.replace(/\{(\w+)\}/, ':$1'),
      handle: (call) => this.#handle(call, operation),
    }));
  }

  describe(call: Call): CallSubject {
    const operation = this.operations.find(({ path }) => valueIn(path, call.path) !== undefined);
    return {
      platformAppId: text(jsonFields(call.body).appid),
      merchantId: claimedMerchant(call),
      operation: operation?.path,
    };
  }

  /** Plays one operation, with another handler than its own where given. */
  play(call: Call, operation: Operation, handle = operation.handle): Answer {
    try {
      requireHeaders(call);
      const merchant = this.authorization.check(call);
      const value = decoded(valueIn(operation.path, call.path) ?? '');
      return this.#signed(call, merchant, handle(call, merchant, value));
    } catch (error) {
      if (error instanceof PayError) return failure(error);
      throw error;
    }
  }

  #handle(call: Call, operation: Operation): Answer | Promise<Answer> {
    if (call.method !== operation.method) return { status: 405, contentType: 'text/plain', body: '' };
    return call.fault === 'rotate_key' ? this.#afterRotation(call, operation) : this.play(call, operation);
  }

  async #afterRotation(call: Call, operation: Operation): Promise<Answer> {
    const merchantId = claimedMerchant(call);
    if (merchantId !== undefined && this.keys.has(merchantId)) await this.keys.rotate(merchantId);
    return this.play(call, operation);
  }

  #signed(call: Call, { merchantId }: Merchant, body: object | undefined): Answer {
    const asked = call.headers['wechatpay-serial'];
    const signer = this.keys.forAnswer(merchantId, typeof asked === 'string' ? asked : undefined);
    const isProbe = call.fault === 'wrong_signature';
    return success(body, (content) => signedHeaders(content, signer, { at: call.at, isProbe }));
  }
}

function requireHeaders({ path, headers, body }: Call): void {
  if (NEEDS_AGENT.test(path) && !(headers.accept && headers['user-agent']))
    throw new PayError('INVALID_REQUEST', { message: 'Http头缺少Accept或User-Agent' });
  if (body.length > 0 && !JSON_TYPE.test(headers['content-type'] ?? ''))
    throw new PayError('INVALID_REQUEST', { message: 'Http头Content-Type不是application/json' });
}

/** What stands in `path` for the name in braces; empty when there is none; undefined when `path` is another one. */
function valueIn(template: string, path: string): string | undefined {
  const [before = '', after] = template.split(/\{\w+\}/);
  const given = path.replace(/\/$/, '');
  if (after === undefined) return given === before ? '' : undefined;
  if (!given.startsWith(before) || !given.endsWith(after)) return undefined;
  const value = given.slice(before.length, given.length - after.length);
  return value === '' || value.includes('/') ? undefined : value;
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new PayError('PARAM_ERROR', { message: 'URL的编码不正确' });
  }
}
