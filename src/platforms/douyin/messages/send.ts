import type { AccessTokens, TokenSource } from '../../access-tokens.js';
import { errorOf } from '../../answers.js';
import type { OutgoingMessage, SendOutcome } from '../../message-platform.js';
import type { PlatformAccount } from '../../platform.js';
import { shortPause } from '../../repeating.js';
import { handedOver, outcomeOf, sendWithToken } from '../../sending.js';
import { type DouyinApi, type DouyinFailure, OPEN_DOUYIN } from '../api.js';
import { DOUYIN_ERRORS, TOKEN_REFUSED } from '../errors.js';
import { rowOf, UNDOCUMENTED } from './send.errors.js';

/** The call that has taken the place of developer.toutiao.com's `notify`. */
const NOTIFY_USER = {
  origin: OPEN_DOUYIN,
  path: '/api/notification/v2/subscription/notify_user/',
  operation: 'notify_user',
} as const;

/** Sends one subscribe message. Never throws. */
export function send(
  api: DouyinApi,
  tokens: AccessTokens,
  source: TokenSource,
  account: PlatformAccount,
  message: OutgoingMessage,
): Promise<SendOutcome> {
  const { openid, templateId, fields, page } = message;
  const body = { msg_id: templateId, open_id: openid, data: fields, ...(page === null ? {} : { page }) };
  return sendWithToken(tokens, account, source, (token) => attempt(api, account, body, token));
}

/** Throws only for a refused token. */
async function attempt(
  api: DouyinApi,
  account: PlatformAccount,
  body: object,
  token: string,
  isSecond = false,
): Promise<SendOutcome> {
  let failure: DouyinFailure | undefined;
  try {
    failure = await api.handOver(account, NOTIFY_USER, body, token);
  } catch (error) {
    return handedOver(error);
  }
  if (failure === undefined) return { kind: 'unknown', detail: 'Douyin has answered without a code.' };
  const { code, message } = failure;
  // The log_id that comes along is of the call, not of the message: nothing ever names it again.
  if (code === 0) return { kind: 'sent', platformMessageId: null };
  const platformCode = String(code);
  if (TOKEN_REFUSED.has(platformCode)) throw errorOf(account, code, [DOUYIN_ERRORS.any], message);
  const row = rowOf(code);
  if (row) return outcomeOf(row, platformCode);
  if (isSecond) return outcomeOf(UNDOCUMENTED, platformCode);
  // It was refused, so a second try annoys nobody twice.
  await shortPause();
  return attempt(api, account, body, token, true);
}
