import { createHash } from 'node:crypto';

/**
 * 32 bytes that always belong to these names and to no others: what makes a person's openid the same each time.
 * The list is hashed as JSON, so `['a', 'bc']` and `['ab', 'c']` differ.
 */
export const digestOf = (...names: readonly string[]): Buffer =>
  createHash('sha256').update(JSON.stringify(names)).digest();
