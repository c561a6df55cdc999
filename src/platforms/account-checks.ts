import type { AccessTokens, TokenSource } from './access-tokens.js';
import { PlatformError } from './errors.js';
import type { AccountCheck, PlatformAccount } from './platform.js';

export type Check = AccountCheck['checks'][number];

/** Tries the credentials by fetching a token, which then serves the account's calls. */
export async function checkToken(tokens: AccessTokens, account: PlatformAccount, source: TokenSource): Promise<Check> {
  try {
    await tokens.renew(account, source);
    return { name: source.kind, ok: true, detail: 'The platform accepts the app id and the secret.' };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { name: source.kind, ok: false, detail: explain(error) };
  }
}

/** What went wrong, with the platform's code, and with our address when the platform names it: it goes into an allow list. */
function explain({ message, platformCode, cause }: PlatformError): string {
  const ip = cause instanceof Error ? ipIn(cause.message) : undefined;
  return message + (platformCode ? ` [${platformCode}]` : '') + (ip ? ` The platform sees this server as ${ip}.` : '');
}

/** `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: …` */
const ipIn = (text: string): string | undefined =>
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(text)?.[0] ?? /\bipv6 ([0-9a-f:]+)/i.exec(text)?.[1];
