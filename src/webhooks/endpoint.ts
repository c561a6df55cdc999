import type { SealedPlace } from '../common/seal.js';
import type { SignatureKind } from './signature.js';

export const ENDPOINT_STATUSES = ['enabled', 'paused', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];
/** Why an endpoint was disabled, other than by its owner. */
export type DisabledReason = 'gone' | 'failing';

/** A row of `webhook_endpoints`; secrets and headers are sealed. */
export interface EndpointRow {
  [column: string]: unknown;
  appId: string;
  id: string;
  url: string;
  description: string;
  events: string[];
  ordered: boolean;
  signature: SignatureKind;
  secret: string;
  publicKey: string | null;
  previousSecret: string | null;
  previousUntil: Date | null;
  headers: string | null;
  rateLimit: number | null;
  status: EndpointStatus;
  disabledReason: DisabledReason | null;
  failingSince: Date | null;
  pauseMs: number;
  openUntil: Date | null;
  recoverAfter: string | null;
  recoverSince: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The row's columns under their names here. */
export const ENDPOINT_COLUMNS = [
  'appId id url description events ordered signature secret publicKey previousSecret previousUntil headers rateLimit',
  'status disabledReason failingSince pauseMs openUntil recoverAfter recoverSince createdAt updatedAt',
]
  .join(' ')
  .split(' ')
  .map((name) => `${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} as "${name}"`)
  .join(', ');

/** Where a sealed column of an endpoint lives. */
export const placeOf = (
  { appId, id }: Pick<EndpointRow, 'appId' | 'id'>,
  column: 'secret' | 'previous_secret' | 'headers',
): SealedPlace => ({ app: appId, table: 'webhook_endpoints', row: id, column });
