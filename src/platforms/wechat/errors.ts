import type { ErrorRow, ErrorTable } from '../answers.js';

const misconfigured = (detail: string): ErrorRow => ({ problem: 'platform_account_misconfigured', detail });
/** Our own mistake in the call. */
const refused: ErrorRow = { problem: 'platform_refused' };
const tokenRefused = misconfigured('WeChat keeps refusing the access token of this account, also a new one.');
const wrongAppId = misconfigured('WeChat does not know this app id: check platformAppId.');
const wrongSecret = misconfigured('The secret is wrong or was reset: copy it from the console of the mini-program.');
const ipPending = misconfigured(
  'WeChat wants an administrator of the mini-program to confirm calls from the IP of this server: see the message in WeChat.',
);
const badPhoneCode: ErrorRow = { problem: 'phone_code_invalid' };
const tooFast: ErrorRow = { problem: 'platform_rate_limited', retryAfter: 60 };
const quotaUsedUp: ErrorRow = {
  problem: 'platform_rate_limited',
  detail: 'The quota of this mini-program at WeChat is used up.',
  retryAfter: 600,
};

/**
 * WeChat's error codes as the login, the phone number and the token can meet them (docs: code2Session, getPhoneNumber,
 * getStableAccessToken, general return codes). The call's own section decides before `any`.
 */
export const WECHAT_ERRORS = {
  any: {
    [-1]: { problem: 'platform_busy', repeats: 2 },
    // These three first cost the cached token (see TOKEN_REFUSED); here it is already the second refusal.
    40001: tokenRefused,
    40014: tokenRefused,
    42001: tokenRefused,
    40002: refused,
    40003: refused,
    40013: wrongAppId,
    40033: refused,
    40035: refused,
    40066: refused,
    40097: refused,
    40125: wrongSecret,
    40164: misconfigured(
      'WeChat does not accept calls from the IP of this server: add it to the IP allow list of the mini-program.',
    ),
    40165: refused,
    40212: refused,
    40226: { problem: 'user_blocked' },
    40243: misconfigured('The secret is frozen: unfreeze it in the console of the mini-program.'),
    41001: refused,
    41002: refused,
    41003: refused,
    41004: refused,
    41005: refused,
    41006: refused,
    41007: refused,
    41008: refused,
    41009: refused,
    43001: refused,
    43002: refused,
    43003: refused,
    43104: misconfigured('This mini-program has no permission for the call.'),
    44002: refused,
    45009: quotaUsedUp,
    45011: tooFast,
    45029: quotaUsedUp,
    47001: refused,
    48001: misconfigured('This mini-program is not granted the API: only verified, non-personal ones are.'),
    48004: misconfigured('WeChat has banned the API for this mini-program.'),
    50002: misconfigured('WeChat has restricted this mini-program.'),
    50004: misconfigured('WeChat has punished this mini-program: its tokens are forbidden.'),
    50007: misconfigured('WeChat has frozen this mini-program.'),
    61007: misconfigured('This mini-program has not authorised the call for a third-party platform.'),
    61010: { problem: 'login_again' },
    85079: misconfigured('This mini-program was never released.'),
    87008: { problem: 'login_again' },
    87009: { problem: 'login_again' },
    89002: misconfigured('This mini-program is not bound to an Open Platform account.'),
    89501: ipPending,
    89503: ipPending,
    89506: misconfigured(
      'An administrator has refused calls from the IP of this server twice: WeChat asks again after 24 hours.',
    ),
    89507: misconfigured(
      'An administrator has refused calls from the IP of this server: WeChat asks again after an hour.',
    ),
  },
  login: {
    40001: wrongSecret,
    40029: { problem: 'login_code_invalid' },
    40163: { problem: 'login_code_invalid' },
  },
  phone: {
    // The code belongs to another mini-program than the token, or (with `openid`) to another person.
    40003: badPhoneCode,
    40013: badPhoneCode,
    40029: badPhoneCode,
    40163: badPhoneCode,
  },
  token: {
    40001: wrongSecret,
  },
} as const satisfies Record<string, ErrorTable>;

/** Codes that mean "this access token no longer": it is replaced and the call repeated once. */
export const TOKEN_REFUSED: ReadonlySet<string | undefined> = new Set(['40001', '40014', '42001']);
