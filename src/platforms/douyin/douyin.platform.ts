import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import type { AccessTokens, TokenSource } from '../access-tokens.js';
import { checkToken, type Check } from '../account-checks.js';
import type { CallbackPlatform, CallbackReaders } from '../callback.js';
import type { MandatePlatform } from '../mandate-platform.js';
import type { MessagePlatform } from '../message-platform.js';
import type { PaymentPlatform } from '../payment-platform.js';
import type { PlatformHttp } from '../platform-http.js';
import type {
  AccountCheck,
  LoginCodes,
  LoginPlatform,
  PhoneContext,
  PhonePlatform,
  PhoneProof,
  PlatformAccount,
  PlatformPerson,
  PlatformPhone,
  PlatformProfile,
  ProfilePlatform,
  ProfileProof,
  VerifiablePlatform,
} from '../platform.js';
import { openSessionData, phoneIn, profileIn } from '../session-data.js';
import { DouyinApi } from './api.js';
import { DouyinCallbacks } from './callbacks.js';
import { credentialsOf, DouyinCredentials, toConsole } from './credentials.js';
import { exchangeCodes } from './login.js';
import { DouyinMessages } from './messages/messages.js';
import { DouyinPayments } from './pay/douyin-payments.js';
import { exchangePhoneCode } from './phone.js';
import { DouyinMandates } from './sign/douyin-mandates.js';
import { accessToken, clientToken } from './tokens.js';

/** Douyin mini-programs, in the Douyin, Toutiao and Douyin-lite apps. */
export class DouyinPlatform
  implements
    LoginPlatform,
    PhonePlatform,
    ProfilePlatform,
    VerifiablePlatform,
    PaymentPlatform,
    MandatePlatform,
    MessagePlatform,
    CallbackPlatform
{
  readonly code = 'douyin';
  readonly platformAppId = z.string().regex(/^tt[0-9a-f]{16,18}$/, 'is tt and 16 to 18 hexadecimal digits');
  readonly credentials = DouyinCredentials;
  readonly secretFields = ['secret', 'appPrivateKey', 'previousAppPrivateKey', 'messageToken', 'messageAesKey'];
  readonly toConsole = toConsole;
  readonly payments: DouyinPayments;
  readonly mandates: DouyinMandates;
  readonly messages: DouyinMessages;
  readonly callbacks: CallbackReaders;
  readonly #api: DouyinApi;
  readonly #accessToken: TokenSource;
  readonly #clientToken: TokenSource;

  constructor(
    http: PlatformHttp,
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {
    this.#api = new DouyinApi(http);
    this.#accessToken = accessToken(this.#api);
    this.#clientToken = clientToken(this.#api);
    this.payments = new DouyinPayments(this.#api, tokens, this.#clientToken, clock);
    this.mandates = new DouyinMandates(this.#api, tokens, this.#clientToken, clock);
    this.messages = new DouyinMessages(this.#api, tokens, this.#clientToken);
    this.callbacks = { program: new DouyinCallbacks(this.payments.callbacks) };
  }

  exchange(account: PlatformAccount, codes: LoginCodes): Promise<PlatformPerson> {
    return exchangeCodes(this.#api, account, codes);
  }

  async phone(account: PlatformAccount, proof: PhoneProof, context: PhoneContext): Promise<PlatformPhone> {
    if ('code' in proof) return exchangePhoneCode(this.#api, this.tokens, this.#clientToken, account, proof.code);
    const opened = openSessionData(account, proof, context.sessionKey, this.clock.now());
    return phoneIn(account, opened, 'platform_data_invalid');
  }

  profile(account: PlatformAccount, proof: ProfileProof, sessionKey: string): PlatformProfile {
    return profileIn(account, proof, sessionKey, this.clock.now());
  }

  async verify(account: PlatformAccount): Promise<AccountCheck> {
    const checks = [
      await checkToken(this.tokens, account, this.#accessToken),
      await checkToken(this.tokens, account, this.#clientToken),
      checkApplicationKey(account),
    ];
    return { ok: checks.every(({ ok }) => ok), checks };
  }
}

/** Douyin has no call that tries the key; whether it fits shows at the first phone number. */
function checkApplicationKey(account: PlatformAccount): Check {
  const detail = credentialsOf(account).appPrivateKey
    ? 'There is an application key; whether it fits the one in the console shows at the first phone number.'
    : 'There is no appPrivateKey: phone numbers by code cannot be read, encrypted ones can.';
  return { name: 'application_key', ok: true, detail };
}
