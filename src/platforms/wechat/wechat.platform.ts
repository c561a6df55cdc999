import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import type { AccessTokens, TokenSource } from '../access-tokens.js';
import { checkToken } from '../account-checks.js';
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
import { WechatApi } from './api.js';
import { WechatCredentials } from './credentials.js';
import { exchangeCode } from './login.js';
import { WechatMessages } from './messages/messages.js';
import type { WechatMandates } from './pay/papay/mandates.js';
import { WechatPayments } from './pay/pay.js';
import { exchangePhoneCode } from './phone.js';
import { WechatPushes } from './push.js';
import { stableToken } from './token.js';

/** WeChat mini-programs and mini-games. */
export class WechatPlatform
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
  readonly code = 'wechat';
  readonly platformAppId = z.string().regex(/^wx[0-9a-f]{16}$/, 'is wx and 16 hexadecimal digits');
  readonly credentials = WechatCredentials;
  readonly secretFields = ['secret', 'messageToken', 'messageAesKey'];
  readonly payments: WechatPayments;
  readonly mandates: WechatMandates;
  readonly messages: WechatMessages;
  readonly callbacks: CallbackReaders;
  readonly #api: WechatApi;
  readonly #token: TokenSource;

  constructor(
    http: PlatformHttp,
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {
    this.#api = new WechatApi(http);
    this.#token = stableToken(this.#api);
    this.payments = new WechatPayments(http, clock);
    this.mandates = this.payments.mandates;
    this.messages = new WechatMessages(this.#api, tokens, this.#token);
    this.callbacks = { program: new WechatPushes(), merchant: this.payments.callbacks };
  }

  exchange(account: PlatformAccount, codes: LoginCodes): Promise<PlatformPerson> {
    return exchangeCode(this.#api, account, codes);
  }

  async phone(account: PlatformAccount, proof: PhoneProof, context: PhoneContext): Promise<PlatformPhone> {
    if ('code' in proof) {
      return exchangePhoneCode(this.#api, this.tokens, this.#token, account, proof.code, context.openid);
    }
    const opened = openSessionData(account, proof, context.sessionKey, this.clock.now());
    return phoneIn(account, opened, 'platform_data_invalid');
  }

  profile(account: PlatformAccount, proof: ProfileProof, sessionKey: string): PlatformProfile {
    return profileIn(account, proof, sessionKey, this.clock.now());
  }

  async verify(account: PlatformAccount): Promise<AccountCheck> {
    const check = await checkToken(this.tokens, account, this.#token);
    return { ok: check.ok, checks: [check] };
  }
}
