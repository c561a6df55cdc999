import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Where a sealed value lives. Bound into the cipher, so a value copied to another row or app does not open there. */
export interface SealedPlace {
  readonly app: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

const FORMAT = 's1';
const bound = ({ app, table, row, column }: SealedPlace): Buffer => Buffer.from([app, table, row, column].join('\n'));

/** First eight hexadecimal digits of a key's SHA-256: names the key inside a sealed value without revealing it. */
export const keyIdOf = (key: Buffer): string => createHash('sha256').update(key).digest('hex').slice(0, 8);

/**
 * Seals secrets with AES-256-GCM under the master key: `s1.<key id>.<base64url of nonce, tag, ciphertext>`.
 * The first key seals; all keys open, so that a key can be rotated (`minibase reseal`).
 */
export class Sealer {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: string;

  /** `keys`: 32 bytes each, the current one first. */
  constructor(keys: readonly Buffer[]) {
    const [current] = keys;
    if (!current || keys.some((key) => key.length !== 32)) throw new RangeError('a master key has 32 bytes');
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), key]));
    this.#current = keyIdOf(current);
  }

  seal(plain: string, place: SealedPlace): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#current)!, nonce).setAAD(bound(place));
    const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return `${this.prefix}${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
  }

  /** Throws when the key is unknown or the value was made for another place. */
  open(sealed: string, place: SealedPlace): string {
    const [format, keyId, body] = sealed.split('.');
    const key = this.#keys.get(keyId ?? '');
    if (format !== FORMAT || !key || !body)
      throw new Error(`cannot open a value sealed under key ${keyId}: is MASTER_KEY the right one?`);
    const bytes = Buffer.from(body, 'base64url');
    // With the length given a shortened tag, which is easier to forge, is refused.
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(bound(place));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
  }

  /** How values begin that are sealed under the current key. */
  get prefix(): string {
    return `${FORMAT}.${this.#current}.`;
  }
}
