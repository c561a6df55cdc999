import { randomFillSync } from 'node:crypto';
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
  mandate: 'man',
  subscription: 'sub',
  invoice: 'inv',
  grant: 'grt',
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

/** Random bytes for many ids at once: to ask for a few takes longer than to make the rest of an id. */
const random = Buffer.alloc(4_096);
const EACH = 16;
let used = random.length;
const last = { msecs: 0, seq: 0 };

/** A UUIDv7 behind all those made before, in hexadecimal digits. */
function next(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const own = random.subarray(used, (used += EACH));
  const now = Date.now();
  if (now > last.msecs) {
    last.msecs = now;
    last.seq = own.readUInt32BE() >>> 1;
  } else if ((last.seq = (last.seq + 1) >>> 0) === 0) last.msecs += 1;
  return v7({ random: own, msecs: last.msecs, seq: last.seq }, own).toString('hex');
}

/** A new id: prefix and UUIDv7, so primary keys append to their index and a listing needs no second sort key. */
export const newId = <K extends IdKind>(kind: K): Id<K> => `${ID_PREFIXES[kind]}_${next()}`;

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
  let bits = BigInt(`0x${next()}`) << 2n;
  let number = '';
  for (let place = 0; place < 26; place++, bits >>= 5n) number = BASE32[Number(bits & 31n)]! + number;
  return number;
}

/** Whether `text` has the form of a number of ours. */
export const isNumber = (text: string): boolean => /^[a-z2-7]{26}$/.test(text);
