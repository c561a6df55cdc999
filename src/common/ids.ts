import { v7 } from 'uuid';

/** Every kind of id, its prefix as the API shows it. A pasted id in a log explains itself. */
export const ID_PREFIXES = {
  app: 'app',
  apiKey: 'key',
  user: 'usr',
  identity: 'idn',
  session: 'ses',
  platformAccount: 'pac',
  merchantAccount: 'mac',
  product: 'prd',
  price: 'prc',
  payment: 'pay',
  attempt: 'att',
  refund: 'rfd',
  transfer: 'trf',
  callback: 'cbk',
  event: 'evt',
  webhookEndpoint: 'wep',
  webhookDelivery: 'dlv',
  messageTemplate: 'tpl',
  notification: 'ntf',
  broadcast: 'brd',
  consentReport: 'mcr',
  consentEntry: 'mce',
  audit: 'aud',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
export type Id<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`;

/** A new id: prefix and UUIDv7, so primary keys append to their index and a listing needs no second sort key. */
export const newId = <K extends IdKind>(kind: K): Id<K> => `${ID_PREFIXES[kind]}_${v7().replaceAll('-', '')}`;

/** Whether `text` is an id of that kind: prefix and 32 hexadecimal digits. */
export const isId = <K extends IdKind>(kind: K, text: string): text is Id<K> =>
  text.length === ID_PREFIXES[kind].length + 33 &&
  text.startsWith(`${ID_PREFIXES[kind]}_`) &&
  /^[0-9a-f]{32}$/.test(text.slice(ID_PREFIXES[kind].length + 1));

/** Digits and letters without those that are mistaken for each other (RFC 4648 base32, in lower case). */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * A number for a platform, unique for ever: 26 lower-case base32 characters, which every platform's limits allow. Ours
 * contain `_`, theirs may not. Time-ordered like an id, so the index of numbers grows at its end.
 */
export function newNumber(): string {
  // 128 bits and two of padding.
  let bits = BigInt(`0x${v7().replaceAll('-', '')}`) << 2n;
  let number = '';
  for (let place = 0; place < 26; place++, bits >>= 5n) number = BASE32[Number(bits & 31n)]! + number;
  return number;
}

/** Whether `text` has the form of a number of ours. */
export const isNumber = (text: string): boolean => /^[a-z2-7]{26}$/.test(text);
