import { v7 } from 'uuid';

/** Every kind of id, its prefix as the API shows it. A pasted id in a log explains itself. */
export const ID_PREFIXES = {
  app: 'app',
  apiKey: 'key',
  user: 'usr',
  identity: 'idn',
  session: 'ses',
  platformAccount: 'pac',
  event: 'evt',
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
