import { randomUUID } from 'node:crypto';

/** Prefix and 32 hexadecimal digits that ascend with time, as the server's ids are. */
export const newId = (prefix: string): string =>
  `${prefix}_${Date.now().toString(16).padStart(12, '0')}${randomUUID().replaceAll('-', '').slice(12)}`;
