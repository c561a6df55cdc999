import { isCode } from '../answers.js';
import type { CallbackPlatform, CallbackReaders } from '../callback.js';
import { PlatformError } from '../errors.js';
import type { MandatePlatform } from '../mandate-platform.js';
import type { MessagePlatform } from '../message-platform.js';
import type { PaymentPlatform } from '../payment-platform.js';
import type { PlatformHttp } from '../platform-http.js';
import type {
  AccountCheck,
  LoginCodes,
  LoginPlatform,
  PhonePlatform,
  PhoneProof,
  PlatformAccount,
  PlatformPerson,
  PlatformPhone,
  VerifiablePlatform,
} from '../platform.js';
import { repeating } from '../repeating.js';
import { AlipayAppId, AlipayCredentials, toConsole } from './alipay.credentials.js';
import { AlipayGateway } from './alipay.gateway.js';
import { AlipayKeyring } from './alipay.keyring.js';
import { AlipayMandates } from './alipay.mandates.js';
import { AlipayMessages } from './alipay.messages.js';
import { AlipayPayments } from './alipay.payments.js';
import { readPhone } from './alipay.phone.js';
import { verifyAccount } from './alipay.verification.js';
import { UserToken } from './alipay.wire.js';

/** Alipay's mini-programs: login, phone number, payments, recurring debits and messages, in key and certificate mode. */
export class AlipayPlatform
  implements
    LoginPlatform,
    PhonePlatform,
    PaymentPlatform,
    MandatePlatform,
    MessagePlatform,
    CallbackPlatform,
    VerifiablePlatform
{
  readonly code = 'alipay';
  readonly platformAppId = AlipayAppId;
  readonly credentials = AlipayCredentials;
  readonly secretFields = ['appPrivateKey', 'aesKey'];
  readonly toConsole = toConsole;
  readonly payments: AlipayPayments;
  readonly mandates: AlipayMandates;
  readonly messages: AlipayMessages;
  readonly callbacks: CallbackReaders;

  readonly #keyring = new AlipayKeyring();
  readonly #gateway: AlipayGateway;

  constructor(http: PlatformHttp) {
    this.#gateway = new AlipayGateway(http, this.#keyring);
    this.payments = new AlipayPayments(this.#gateway, this.#keyring);
    this.mandates = new AlipayMandates(this.#gateway, this.#keyring);
    this.messages = new AlipayMessages(this.#gateway);
    this.callbacks = { program: this.payments.callbacks };
  }

  async exchange(account: PlatformAccount, { code }: LoginCodes): Promise<PlatformPerson> {
    if (!isCode(code)) throw new PlatformError('login_code_invalid', account);
    const method = 'alipay.system.oauth.token';
    const params = { grant_type: 'authorization_code', code };
    const token = await repeating(() => this.#gateway.call(account, { method, params }, UserToken));
    const { open_id: openId, user_id: userId, union_id: unionid } = token;
    // New apps get open_id, old ones user_id; while an app migrates it gets both, and its users were saved under user_id.
    const openid = openId ?? userId;
    if (openid === undefined) {
      throw new PlatformError('platform_answer_invalid', account, { detail: 'Alipay named no user.' });
    }
    return {
      openid,
      ...(openId === undefined || userId === undefined ? {} : { alternateOpenid: userId }),
      ...(unionid === undefined ? {} : { unionid }),
    };
  }

  async phone(account: PlatformAccount, proof: PhoneProof): Promise<PlatformPhone> {
    if ('encryptedData' in proof) return readPhone(account, this.#keyring.of(account), proof.encryptedData);
    throw new PlatformError('platform_data_invalid', account, {
      detail: 'Alipay has no phone codes: send encryptedData, the string res.response of my.getPhoneNumber.',
    });
  }

  verify(account: PlatformAccount): Promise<AccountCheck> {
    return verifyAccount(account, this.#keyring, this.#gateway);
  }
}
