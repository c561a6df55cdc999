import { type Answer, type Call, json } from '../core/platform.js';
import { randomHex } from '../core/random.js';

/** Texts as WeChat words them; clients may only look at the number. */
const TEXTS: Readonly<Record<string, string>> = {
  '-1': 'system error',
  '40001': 'invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken',
  '20002': 'POST PARAMETER ERROR',
  '40002': 'invalid grant_type',
  '40003': 'invalid openid',
  '40013': 'invalid appid',
  '40014': 'invalid access_token',
  '40029': 'invalid code',
  '40035': 'invalid parameter',
  '40037': 'invalid template_id',
  '40097': 'invalid args',
  '40125': 'invalid appsecret',
  '40163': 'code been used',
  '40164': 'invalid ip 127.0.0.1, not in whitelist',
  '40226': 'code blocked',
  '41001': 'access_token missing',
  '41002': 'appid missing',
  '41004': 'appsecret missing',
  '41008': 'missing code',
  '41009': 'missing openid',
  '41030': 'invalid page',
  '42001': 'access_token expired',
  '43001': 'require GET method',
  '43002': 'require POST method',
  '43101': 'user refuse to accept the msg',
  '43107': 'subscribe message capability is banned',
  '43108': 'concurrent sends to one openid',
  '44002': 'empty post data',
  '45009': 'reach max api daily quota limit',
  '45011': 'api minute-quota reach limit mustslower retry next minute',
  '45035': 'access clientip is not registered, or too fast',
  '45168': 'keyword in blacklist',
  '47001': 'data format error',
  '47003': 'argument invalid!',
  '48001': 'api unauthorized',
  '50004': 'forbid to use token',
  '87008': 'invalid sig_method',
  '87009': 'invalid signature',
  '200011': 'this account is banned',
  '200012': 'private template num limit',
  '200013': 'this template is banned',
  '200014': 'tid is not exist',
  '200020': 'invalid kidList',
  '200021': 'invalid sceneDesc',
};

/** Thrown by a handler, answered by `answering`. */
export class WechatError extends Error {
  /** `text` instead of the usual text of that number. */
  constructor(
    readonly errcode: number,
    text = textOf(errcode),
  ) {
    super(text);
  }
}

/** HTTP 200 as always; the text ends with a request id that WeChat can look up. */
export const failure = (errcode: number, text = textOf(errcode)): Answer =>
  reply({ errcode, errmsg: `${text} rid: ${randomHex(8)}-${randomHex(8)}-${randomHex(8)}` });

const textOf = (errcode: number): string => TEXTS[errcode] ?? 'error';

export const reply = (body: object): Answer => json(body, 'application/json; encoding=utf-8');

export const ok = (body: object = {}): Answer => reply({ errcode: 0, errmsg: 'ok', ...body });

/** A handler that answers what it throws. */
export const answering =
  (handle: (call: Call) => Answer) =>
  (call: Call): Answer => {
    try {
      return handle(call);
    } catch (error) {
      if (error instanceof WechatError) return failure(error.errcode, error.message);
      throw error;
    }
  };
