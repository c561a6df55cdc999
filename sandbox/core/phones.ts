import { z } from 'zod';
import type { Row, Table } from './store.js';

/** A person's number: `countryCode` without a plus, `number` without the country code. */
export interface Phone extends Row {
  readonly countryCode: string;
  readonly number: string;
}

const FORM = /^(?:(?:\+?86-?)?(1\d{10})|\+(\d{1,3})-(\d{4,14}))$/;

/** `13800138000`, `+8613800138000`, or for other countries `+852-61234567`. */
export const phoneSchema = z
  .string()
  .regex(FORM, 'a mainland number such as 13800138000, or +<country code>-<number> such as +852-61234567')
  .transform((text): Phone => {
    const [, mainland, countryCode = '86', abroad = ''] = FORM.exec(text) ?? [];
    return { countryCode, number: mainland ?? abroad };
  });

/** Each person has one number, whatever the platform; it lasts until another is given. */
export class Phones {
  constructor(private readonly table: Table<Phone>) {}

  /** The number of `user`; `given` replaces it; a person without one gets one that nobody else was dealt. */
  of(user: string, given?: Phone): Phone {
    const phone = given ?? this.table.get(user) ?? this.#deal();
    if (phone !== this.table.get(user)) this.table.set(user, phone);
    return phone;
  }

  #deal(): Phone {
    return { countryCode: '86', number: `199${String(this.table.size).padStart(8, '0')}` };
  }
}
