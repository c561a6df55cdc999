import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AccountBook } from '../core/accounts.js';
import { textFields } from '../core/body.js';
import { encryptData, type Watermark, watermarkOf, watermarkSchema } from '../core/client-data.js';
import { type Phone, phoneSchema } from '../core/phones.js';
import { type Action, action, type Answer, type Call, personSchema, type Route, type World } from '../core/platform.js';
import { randomHex } from '../core/random.js';
import { requireSession, type SessionKeys } from '../core/session-keys.js';
import type { Row, Table } from '../core/store.js';
import type { AccessTokens } from './access-tokens.js';
import { answering, ok, WechatError } from './answers.js';
import type { WechatCredentials } from './credentials.js';
import { openidOf } from './people.js';

const CODE_LIFETIME = 5 * 60_000;
const CHECKABLE_FOR = 3 * 24 * 3_600_000;

interface PhoneCode extends Row {
  readonly platformAppId: string;
  readonly openid: string;
  readonly phone: Phone;
  readonly watermark: Watermark;
  readonly used: boolean;
  readonly keepUntil: number;
}

/** Encrypted phone data that a client got, by the SHA-256 of its text. */
interface PhoneData extends Row {
  readonly platformAppId: string;
  readonly createdAt: number;
  readonly keepUntil: number;
}

const tapSchema = personSchema.extend({
  form: z.enum(['code', 'encrypted']),
  phone: phoneSchema.optional(),
  watermark: watermarkSchema,
});

/** The phone number button and the two server calls behind it. */
export class PhoneNumbers {
  readonly #accounts: AccountBook<WechatCredentials>;
  readonly #codes: Table<PhoneCode>;
  readonly #data: Table<PhoneData>;

  constructor(
    private readonly world: World,
    private readonly tokens: AccessTokens,
    private readonly sessionKeys: SessionKeys,
  ) {
    this.#accounts = world.accounts('wechat');
    this.#codes = world.table('wechat.phoneCodes');
    this.#data = world.table('wechat.phoneData');
  }

  readonly routes: readonly Route[] = [
    {
      methods: ['GET', 'POST'],
      path: '/wxa/business/getuserphonenumber',
      handle: answering((call) => this.#exchange(call)),
    },
    {
      methods: ['GET', 'POST'],
      path: '/wxa/business/checkencryptedmsg',
      handle: answering((call) => this.#check(call)),
    },
  ];

  /** The person taps the button: what its event carries, in the new form or the old. */
  readonly tap: Action = action(tapSchema, ({ platformAppId, user, form, phone: given, watermark: wish }) => {
    this.#accounts.require(platformAppId);
    const phone = this.world.phones.of(user, given);
    const openid = openidOf(platformAppId, user);
    const now = this.world.now();
    const watermark = watermarkOf(platformAppId, now, wish);
    if (form === 'code') {
      const code = randomHex(64);
      this.#codes.set(code, { platformAppId, openid, phone, watermark, used: false, keepUntil: now + CODE_LIFETIME });
      return { code };
    }
    const { sessionKey } = requireSession(this.sessionKeys, platformAppId, openid);
    const encrypted = encryptData(JSON.stringify({ ...wireForm(phone), watermark }), sessionKey);
    const hash = createHash('sha256').update(encrypted.encryptedData).digest('hex');
    this.#data.set(hash, { platformAppId, createdAt: now, keepUntil: now + CHECKABLE_FOR });
    return encrypted;
  });

  #exchange(call: Call): Answer {
    if (call.method !== 'POST') throw new WechatError(43002);
    const { platformAppId } = this.tokens.accountOf(call);
    const { code: value = '', openid } = textFields(call.body); // none if it is not JSON
    const code = this.#codes.get(value);
    if (!code || code.used || code.keepUntil <= call.at) throw new WechatError(40029);
    if (code.platformAppId !== platformAppId) throw new WechatError(40013);
    // The number for a code of somebody else is not published; this is the one for a wrong openid elsewhere.
    if (openid && openid !== code.openid) throw new WechatError(40003);
    this.#codes.set(value, { ...code, used: true });
    return ok({ phone_info: { ...wireForm(code.phone), watermark: code.watermark } });
  }

  #check(call: Call): Answer {
    if (call.method !== 'POST') throw new WechatError(43002);
    const { platformAppId } = this.tokens.accountOf(call);
    const { encrypted_msg_hash: hash } = textFields(call.body);
    if (!hash) throw new WechatError(47001);
    const data = this.#data.get(hash);
    const isKnown = data !== undefined && data.platformAppId === platformAppId && data.keepUntil > call.at;
    // WeChat really spells the field like this.
    return ok({ vaild: isKnown, create_time: isKnown ? Math.floor(data.createdAt / 1000) : 0 });
  }
}

/** Only numbers from abroad carry their country code in `phoneNumber`. */
const wireForm = ({ countryCode, number }: Phone): object => ({
  phoneNumber: countryCode === '86' ? number : `+${countryCode}${number}`,
  purePhoneNumber: number,
  countryCode,
});
