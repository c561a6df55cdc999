import { v7 } from 'uuid';

const GIVEN = /^[A-Za-z0-9_.-]{8,64}$/;

/** What names a request in its answer and in the log: the caller's `X-Request-Id` when it is a fit one, else a new one. */
export const requestIdOf = (given?: string | string[]): string =>
  typeof given === 'string' && GIVEN.test(given) ? given : v7().replaceAll('-', '');
