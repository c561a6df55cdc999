import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import { errorOf, readAnswer } from '../../answers.js';
import type { OutgoingMessage, SendOutcome } from '../../message-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { shortPause } from '../../repeating.js';
import { handedOver, outcomeOf, sendWithToken } from '../../sending.js';
import type { WechatApi } from '../api.js';
import { TOKEN_REFUSED, WECHAT_ERRORS } from '../errors.js';
import { WechatAnswer } from '../wechat.wire.js';
import { named, rowOf, UNDOCUMENTED } from './send.errors.js';

const SEND = { path: '/cgi-bin/message/subscribe/send', operation: 'subscribe_send' } as const;

/** Sends one subscribe message. Never throws. */
export function send(
  api: WechatApi,
  tokens: AccessTokens,
  source: TokenSource,
  account: PlatformAccount,
  message: OutgoingMessage,
): Promise<SendOutcome> {
  const body = wireOf(message);
  return sendWithToken(tokens, account, source, (token) => attempt(api, account, body, token));
}

const wireOf = ({ openid, templateId, fields, page }: OutgoingMessage): object => ({
  touser: openid,
  template_id: templateId,
  data: Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { value }])),
  ...(page === null ? {} : { page }),
  // The released one. One of WeChat's tables calls it required, another says that it is the default.
  miniprogram_state: 'formal',
});

/** Throws only for a refused token. */
async function attempt(
  api: WechatApi,
  account: PlatformAccount,
  body: object,
  token: string,
  isSecond = false,
): Promise<SendOutcome> {
  let text: string;
  let answer: WechatAnswer;
  try {
    const response = await api.handOver(account, SEND, body, token);
    text = response.body.toString('utf8');
    answer = readAnswer(account, response, WechatAnswer);
  } catch (error) {
    return handedOver(error);
  }
  const { errcode, errmsg = '' } = answer;
  if (errcode === undefined) return { kind: 'unknown', detail: 'WeChat has answered without an errcode.' };
  if (errcode === 0) return { kind: 'sent', platformMessageId: messageIdIn(text) };
  const platformCode = String(errcode);
  if (TOKEN_REFUSED.has(platformCode)) throw errorOf(account, errcode, [WECHAT_ERRORS.any], errmsg);
  const row = rowOf(errcode);
  if (row) return outcomeOf(named(row, errmsg), platformCode);
  if (isSecond) return outcomeOf(UNDOCUMENTED, platformCode);
  // It was refused, so a second try annoys nobody twice.
  await shortPause();
  return attempt(api, account, body, token, true);
}

/** From the text: `msgid` may be a number beyond what JSON.parse keeps, and the sent event names it again. */
const messageIdIn = (text: string): string | null => /"msgid"\s*:\s*"?(\d{1,20})\b/.exec(text)?.[1] ?? null;
