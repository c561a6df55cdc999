import { type Answer, type Call, json } from '../core/platform.js';
import { randomHex } from '../core/random.js';

/** The three shapes in which Douyin answers; the same number may mean other things in another family. */
export type Family = 'toutiao' | 'open' | 'oauth';

const TEXTS: Readonly<Record<string, string>> = {
  '-1': 'system error',
  '10000': 'bad parameters',
  '1000': 'bad parameter format',
  '1001': 'bad parameter content',
  '1008': 'the content violates the rules',
  '1009': 'the capability is banned',
  '1010': 'too frequent',
  '2000': 'internal error',
  '10002': 'parameter missing',
  '10003': 'client_key is invalid',
  '10013': 'client_key or client_secret is invalid',
  '10020': 'too frequent',
  '12001': 'too frequent, try again later',
  '13000': 'system error',
  '20000': 'the order or refund does not exist',
  '21047': 'bad item order id',
  '22000': 'the state of the order does not allow it',
  '22001': 'the state of the item does not allow it',
  '22002': 'nothing refundable',
  '22004': 'out_refund_no exists',
  '22006': 'the audit is not possible yet',
  '22007': 'too many items',
  '22008': 'the quantity is too large',
  '40014': 'bad parameters',
  '40015': 'bad appid',
  '40017': 'bad secret',
  '40018': 'bad code',
  '40019': 'bad anonymous code',
  '40020': 'bad grant type',
  '28006003': 'too many requests',
  '28014043': 'the user has not subscribed',
  '28001003': 'access_token is invalid',
  '28001005': 'internal error',
  '28001008': 'access_token is expired',
  '28001016': 'no permission',
  '28001018': 'scope not granted',
  '28001019': 'application has no permission',
  '28001038': 'parameter is illegal',
  '28005187': 'code is expired or used',
};

/** Thrown by a handler, answered by `answering`. */
export class DouyinError extends Error {
  /** `detail`: what exactly, where one number stands for many things. */
  constructor(
    readonly code: number,
    detail?: string,
  ) {
    super([TEXTS[code] ?? 'error', detail].filter(Boolean).join(': '));
  }
}

/** Every refusal comes with HTTP 200. */
export function failure(family: Family, code: number, text = TEXTS[code] ?? 'error'): Answer {
  switch (family) {
    case 'toutiao':
      return logged((log_id) => ({ err_no: code, err_tips: text, log_id }));
    case 'open':
      return logged((log_id) => ({ err_no: code, err_msg: text, log_id }));
    case 'oauth':
      return logged(() => ({ message: 'error', data: { error_code: code, description: text } }));
  }
}

export function success(family: Family, data: unknown): Answer {
  switch (family) {
    case 'toutiao':
      return logged((log_id) => ({ err_no: 0, err_tips: 'success', log_id, data }));
    case 'open':
      return logged((log_id) => ({ err_no: 0, err_msg: '', log_id, data }));
    case 'oauth':
      return logged(() => ({ message: 'success', data: { ...(data as object), error_code: 0, description: '' } }));
  }
}

/** A handler that answers what it throws. */
export const answering =
  (family: Family, handle: (call: Call) => Answer) =>
  (call: Call): Answer => {
    try {
      return handle(call);
    } catch (error) {
      if (error instanceof DouyinError) return failure(family, error.code, error.message);
      throw error;
    }
  };

function logged(body: (logId: string) => object): Answer {
  const logId = randomHex(34).toUpperCase();
  return { ...json(body(logId)), headers: { 'x-tt-logid': logId } };
}
