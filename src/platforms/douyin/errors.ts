import type { ErrorRow, ErrorTable } from '../answers.js';

const misconfigured = (detail: string): ErrorRow => ({ problem: 'platform_account_misconfigured', detail });
/** Our own mistake in the call. */
const refused: ErrorRow = { problem: 'platform_refused' };
const busy: ErrorRow = { problem: 'platform_busy', repeats: 3 };
const tokenRefused = misconfigured('Douyin keeps refusing the token of this account, also a new one.');
const noPermission = misconfigured('This mini-program has no permission for the call: apply for it in the console.');
const wrongAppId = misconfigured('Douyin does not know this app id: check platformAppId.');
const wrongSecret = misconfigured('The secret is wrong or was reset: copy it from the console of the mini-program.');

/**
 * Douyin's error codes as the login, the phone number and the tokens can meet them (docs: code2Session, get_access_token,
 * client_token, get_phonenumber_info). A number means different things in different API families, so each call has its
 * own section, which decides before `any`: the numbers of the gateway and those that all families share.
 */
export const DOUYIN_ERRORS = {
  any: {
    [-1]: busy,
    // These three first cost the cached token (see TOKEN_REFUSED); here it is already the second refusal.
    40014: tokenRefused,
    28001003: tokenRefused,
    28001008: tokenRefused,
    28001005: busy,
    28001016: noPermission,
    28001018: noPermission,
    28001019: noPermission,
    28001038: refused,
    28005001: refused,
    28005002: busy,
    28005004: { problem: 'platform_rate_limited', retryAfter: 60 },
    28006003: { problem: 'platform_rate_limited', retryAfter: 60 },
  },
  login: {
    // Without a token in the call: a parameter is missing or wrong.
    40014: refused,
    40015: wrongAppId,
    40017: wrongSecret,
    40018: { problem: 'login_code_invalid' },
    40019: { problem: 'login_code_invalid' },
    40020: refused,
  },
  phone: {
    28005187: { problem: 'phone_code_invalid' },
  },
  accessToken: {
    40014: refused,
    40015: wrongAppId,
    40017: wrongSecret,
    40020: refused,
  },
  clientToken: {
    10002: refused,
    10003: wrongAppId,
    10013: misconfigured('The app id or the secret is wrong: copy both from the console of the mini-program.'),
    // 500 calls in five minutes.
    10020: { problem: 'platform_rate_limited', retryAfter: 300 },
  },
} as const satisfies Record<string, ErrorTable>;

/** Codes that mean "this token no longer": it is replaced and the call repeated once. */
export const TOKEN_REFUSED: ReadonlySet<string | undefined> = new Set(['28001003', '28001008', '40014']);
