import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CallbackRefused } from '../callback.js';
import { PlatformError } from '../errors.js';
import type { PlatformAccount } from '../platform.js';
import { baseBytes, type FormBytes, parseForm, textOf, UnreadableForm } from './alipay.form.js';
import type { AlipayGateway } from './alipay.gateway.js';
import { type AlipayKeyring, alipayKeysOf } from './alipay.keyring.js';
import { verifiesRsa2 } from './alipay.signature.js';

const TRADE = 'trade_status_sync';
const CERTIFICATE_SN = /^[0-9a-f]{32}$/;
const ACCOUNTS = 5_000;
/** Anybody can send a form with a wrong signature; that must not make us ask Alipay each time. */
const ASK_AGAIN_AFTER = 60_000;

/** Believes what Alipay signed, whatever certificate it signs with by now. */
export class AlipayNotifications {
  readonly #met = new LRUCache<string, Promise<void>>({ max: ACCOUNTS, ttl: ASK_AGAIN_AFTER });

  constructor(
    private readonly gateway: AlipayGateway,
    private readonly keyring: AlipayKeyring,
  ) {}

  /** The fields of a notification of Alipay to this account, as text, without empty ones. Throws CallbackRefused. */
  async open(account: PlatformAccount, body: Buffer): Promise<Record<string, string>> {
    const { form, fields } = read(body);
    const { sign, sign_type: signType = 'RSA2', app_id: appId } = fields;
    if (sign === undefined || appId === undefined)
      throw new CallbackRefused('malformed', 'The form lacks sign or app_id: it is no notification of Alipay.');
    if (appId !== account.platformAppId)
      throw new CallbackRefused('unknown_key', 'The notification is for another mini-program than this address.');
    if (signType !== 'RSA2')
      throw new CallbackRefused('unknown_key', 'It is signed with RSA, not RSA2: choose RSA2 in the console.');
    await this.#believe(account, form, fields, sign);
    return fields;
  }

  async #believe(
    account: PlatformAccount,
    form: FormBytes,
    { notify_type: type, alipay_cert_sn: sn }: Record<string, string>,
    sign: string,
  ): Promise<void> {
    const keys = this.keyring.of(account);
    const contents = signedContents(form, type);
    const verifies = (key: KeyObject): boolean => contents.some((content) => verifiesRsa2(content, sign, key));
    if ((await alipayKeysOf(keys)).some(verifies)) return;
    // In certificate mode the key may be newer than ours. Notifications rarely name it, but Alipay's next answer does.
    if (keys.certificates) {
      await this.#meetCertificate(account, sn);
      if ((await alipayKeysOf(keys)).some(verifies)) return;
    }
    const field = keys.certificates ? 'alipayCertificate' : 'alipayPublicKey';
    throw new CallbackRefused('signature_invalid', `The signature is not Alipay's by ${field}: compare the console's.`);
  }

  /** Once a minute per account and certificate; those who come while it is being asked wait for the same answer. */
  #meetCertificate(account: PlatformAccount, named: string | undefined): Promise<void> {
    const sn = named !== undefined && CERTIFICATE_SN.test(named) ? named : undefined;
    const name = `${account.id} ${sn === undefined ? '' : 'named'}`;
    const known = this.#met.get(name);
    if (known) return known;
    const meeting = this.gateway.meetCertificate(account, sn).catch((error: unknown) => {
      // Then the notification stays unbelieved, and Alipay sends it again.
      if (!(error instanceof PlatformError)) throw error;
    });
    this.#met.set(name, meeting);
    return meeting;
  }
}

function read(body: Buffer): { form: FormBytes; fields: Record<string, string> } {
  try {
    const form = parseForm(body);
    return { form, fields: textOf(form) };
  } catch (error) {
    if (!(error instanceof UnreadableForm)) throw error;
    throw new CallbackRefused('malformed', `The body is no form that Alipay sends: ${error.message}.`);
  }
}

/**
 * Everything but `sign` and `sign_type`. Alipay's own SDKs disagree on whether empty values count, and on `sign_type` for
 * what the services of its market send to an app's gateway; for money the documentation is clear.
 */
function signedContents(form: FormBytes, type: string | undefined): Buffer[] {
  const withouts = type === TRADE ? [['sign', 'sign_type']] : [['sign', 'sign_type'], ['sign']];
  const hasEmpty = [...form.values()].some((value) => value.length === 0);
  return withouts.flatMap((without) =>
    (hasEmpty ? [true, false] : [true]).map((empty) => baseBytes(form, { without, empty })),
  );
}
