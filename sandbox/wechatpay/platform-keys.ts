import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { World } from '../core/platform.js';
import type { Row, Table } from '../core/store.js';
import { type Certified, type KeyPair, newCertified, newKeyPair } from './certificates.js';
import { randomDigits } from './numbers.js';

/**
 * How a merchant knows that WeChat Pay is speaking: by its public key (new merchants), by platform certificates (old
 * ones), or by both while the switch from certificates to the key is under way.
 */
export type Verification = 'public_key' | 'certificate' | 'migrating';

/** What WeChat Pay signs with, and under which name (`Wechatpay-Serial`). */
export interface Signer {
  readonly serial: string;
  readonly key: KeyObject;
}

/** WeChat Pay's own keys for one merchant. */
interface PlatformKeySet extends Row {
  readonly verification: Verification;
  /** From `public_key` or `migrating` on. */
  readonly publicKey?: KeyPair & { readonly id: string };
  /** The newest last; two during a rotation. */
  readonly certificates: readonly Certified[];
}

const LISTED = 2;

/** WeChat Pay's own keys, by merchant id. */
export class PlatformKeys {
  readonly #sets: Table<PlatformKeySet>;
  readonly #parsed = new WeakMap<KeyPair, KeyObject>();
  /** While a merchant migrates, the two keys take turns with its notifications. */
  #isPublicKeysTurn = false;
  #forger: KeyObject | undefined;

  constructor(private readonly world: World) {
    this.#sets = world.table('wechatpay.keys');
  }

  /** Makes what `verification` needs (what it was, or `public_key`) and is not there yet. */
  async prepare(merchantId: string, verification?: Verification): Promise<void> {
    const before = this.#sets.get(merchantId);
    const mode = verification ?? before?.verification ?? 'public_key';
    const made = {
      publicKey: mode === 'certificate' || before?.publicKey ? undefined : await newPublicKey(),
      certificate: mode === 'public_key' || before?.certificates.length ? undefined : await this.#newCertificate(),
    };
    const now = this.#sets.get(merchantId);
    const publicKey = now?.publicKey ?? made.publicKey;
    const certificates = now?.certificates.length ? now.certificates : made.certificate ? [made.certificate] : [];
    this.#sets.set(merchantId, { verification: mode, certificates, ...(publicKey && { publicKey }) });
  }

  has(merchantId: string): boolean {
    return this.#sets.get(merchantId) !== undefined;
  }

  /** Id and public half (PEM) as the merchant's console shows them; nothing while the merchant has only certificates. */
  publicKey(merchantId: string): { readonly id: string; readonly publicKey: string } | undefined {
    const { verification, publicKey } = this.#of(merchantId);
    return verification === 'certificate' ? undefined : publicKey;
  }

  /** What `GET /v3/certificates` lists, the oldest first. */
  certificates(merchantId: string): readonly Certified[] {
    const { verification, certificates } = this.#of(merchantId);
    return verification === 'public_key' ? [] : certificates;
  }

  /** `asked`: the request's `Wechatpay-Serial`. It chooses the key only while the merchant migrates. */
  forAnswer(merchantId: string, asked: string | undefined): Signer {
    const set = this.#of(merchantId);
    const isKey = set.verification === 'migrating' ? asked === set.publicKey?.id : set.verification === 'public_key';
    return this.#signer(set, isKey);
  }

  forNotification(merchantId: string): Signer {
    const set = this.#of(merchantId);
    if (set.verification !== 'migrating') return this.#signer(set, set.verification === 'public_key');
    this.#isPublicKeysTurn = !this.#isPublicKeysTurn;
    return this.#signer(set, this.#isPublicKeysTurn);
  }

  /** The private key to the public one that a merchant encrypted with, by its name. */
  private(merchantId: string, serial: string): KeyObject | undefined {
    const { publicKey, certificates } = this.#of(merchantId);
    const pair = publicKey?.id === serial ? publicKey : certificates.find((one) => one.serial === serial);
    return pair && this.#parse(pair);
  }

  /**
   * The next step that WeChat Pay allows. With certificates: a new one signs from now on, the one before stays listed.
   * While migrating, when no certificate can be rotated: the switch is complete, the public key signs everything.
   * With the public key there is none: it does not expire, and nothing replaces it.
   */
  async rotate(merchantId: string): Promise<void> {
    const { verification } = this.#of(merchantId);
    if (verification === 'public_key') return;
    const certificate = verification === 'certificate' ? await this.#newCertificate() : undefined;
    const set = this.#of(merchantId);
    if (certificate)
      this.#sets.set(merchantId, { ...set, certificates: [...set.certificates, certificate].slice(-LISTED) });
    else this.#sets.set(merchantId, { ...set, verification: 'public_key' });
  }

  /** Signs in WeChat Pay's name with a key that is not its. */
  forged(genuine: Signer): Signer {
    this.#forger ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    return { serial: genuine.serial, key: this.#forger };
  }

  #signer({ publicKey, certificates }: PlatformKeySet, isKey: boolean): Signer {
    const certificate = certificates.at(-1);
    if (isKey && publicKey) return { serial: publicKey.id, key: this.#parse(publicKey) };
    if (certificate) return { serial: certificate.serial, key: this.#parse(certificate) };
    throw new Error('a merchant has neither certificate nor public key');
  }

  #newCertificate(): Promise<Certified> {
    return newCertified('Tenpay.com Root CA sandbox', this.world.now());
  }

  #parse(pair: KeyPair): KeyObject {
    let key = this.#parsed.get(pair);
    if (!key) this.#parsed.set(pair, (key = createPrivateKey(pair.privateKey)));
    return key;
  }

  #of(merchantId: string): PlatformKeySet {
    const set = this.#sets.get(merchantId);
    if (!set) throw new Error(`no WeChat Pay keys for merchant ${merchantId}`);
    return set;
  }
}

const newPublicKey = async (): Promise<KeyPair & { id: string }> => ({
  id: `PUB_KEY_ID_${randomDigits(28)}`,
  ...(await newKeyPair()),
});
