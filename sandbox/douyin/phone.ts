import { constants, publicEncrypt } from 'node:crypto';
import { z } from 'zod';
import type { AccountBook } from '../core/accounts.js';
import { textFields } from '../core/body.js';
import { encryptData, watermarkOf, watermarkSchema } from '../core/client-data.js';
import { type Phone, phoneSchema } from '../core/phones.js';
import { type Action, action, type Answer, type Call, personSchema, type Route, type World } from '../core/platform.js';
import { randomAlphanumeric } from '../core/random.js';
import { requireSession, type SessionKeys } from '../core/session-keys.js';
import type { Row, Table } from '../core/store.js';
import { answering, DouyinError, success } from './answers.js';
import type { AppTokens } from './app-tokens.js';
import type { DouyinCredentials } from './credentials.js';
import { openidOf } from './people.js';

const CODE_LIFETIME = 5 * 60_000;

interface PhoneCode extends Row {
  readonly platformAppId: string;
  /** The JSON that will be encrypted for the developer. */
  readonly plain: string;
  readonly used: boolean;
  readonly keepUntil: number;
}

const tapSchema = personSchema.extend({
  form: z.enum(['code', 'encrypted']),
  phone: phoneSchema.optional(),
  watermark: watermarkSchema,
});

/** The phone number button: its code with the server call behind it, and its older encrypted form. */
export class PhoneNumbers {
  readonly #accounts: AccountBook<DouyinCredentials>;
  readonly #codes: Table<PhoneCode>;

  constructor(
    private readonly world: World,
    private readonly tokens: AppTokens,
    private readonly sessionKeys: SessionKeys,
  ) {
    this.#accounts = world.accounts('douyin');
    this.#codes = world.table('douyin.phoneCodes');
  }

  readonly routes: readonly Route[] = [
    {
      methods: ['POST'],
      path: '/api/apps/v1/get_phonenumber_info/',
      handle: answering('open', (call) => this.#exchange(call)),
    },
  ];

  /** The person taps the button: what its event carries, in the new form or the old. */
  readonly tap: Action = action(tapSchema, ({ platformAppId, user, form, phone, watermark }) => {
    this.#accounts.require(platformAppId);
    const now = this.world.now();
    const plain = JSON.stringify({
      ...wireForm(this.world.phones.of(user, phone)),
      watermark: watermarkOf(platformAppId, now, watermark),
    });
    if (form === 'encrypted') {
      return encryptData(
        plain,
        requireSession(this.sessionKeys, platformAppId, openidOf(platformAppId, user)).sessionKey,
      );
    }
    const code = randomAlphanumeric(40);
    this.#codes.set(code, { platformAppId, plain, used: false, keepUntil: now + CODE_LIFETIME });
    return { code };
  });

  #exchange(call: Call): Answer {
    const { platformAppId, credentials } = this.tokens.accountOf(call);
    const { code: value } = textFields(call.body);
    if (!value) throw new DouyinError(28001038);
    const code = this.#codes.get(value);
    if (code?.platformAppId !== platformAppId || code.used || code.keepUntil <= call.at)
      throw new DouyinError(28005187);
    this.#codes.set(value, { ...code, used: true });
    return success('open', encryptFor(credentials.appPublicKey, code.plain));
  }
}

/** Douyin: RSA with PKCS#1 v1.5 padding, to the application key that is uploaded now (docs: new phone method). */
const encryptFor = (publicKey: string, plain: string): string =>
  publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(plain)).toString('base64');

const wireForm = ({ countryCode, number }: Phone): object => ({
  phoneNumber: `+${countryCode}${number}`,
  purePhoneNumber: number,
  countryCode,
});
