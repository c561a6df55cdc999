import type { Config } from '../config/config.js';

/** Kinds of lanes that one process may declare: the bound from which connections are counted before any is declared. */
export const MOST_KINDS = 14;
/** Connections of a pool besides those in which workers listen: for nudges, claims, results and lock renewals. */
export const SPARE = 6;

/** How many connections to Postgres the queues of one process open at most. None with Redis. */
export function queueConnections({
  redisUrl,
  queuePool,
  role,
}: Pick<Config, 'redisUrl' | 'queuePool' | 'role'>): number {
  if (redisUrl) return 0;
  return queuePool ?? (role === 'api' ? 0 : MOST_KINDS) + SPARE;
}
