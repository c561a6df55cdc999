import { Injectable } from '@nestjs/common';
import { newId } from '../common/ids.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { EventType } from './event-types.js';

/** What is told, in the transaction of the change itself. `data` holds ids, amounts and statuses, never personal data. */
export interface Announcement {
  /** Made by the caller, when it has to know it. */
  readonly id?: string;
  readonly appId: string;
  readonly type: EventType;
  /** The object whose events are ordered. */
  readonly stream: { readonly type: StreamType; readonly id: string };
  /** Counted per stream: the value that the conditional UPDATE of the stream's row has just raised it to. */
  readonly sequence: number;
  /** The object that changed; the stream itself when left out. */
  readonly object?: { readonly type: string; readonly id: string };
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export const STREAM_TYPES = [
  'user',
  'payment',
  'subscription',
  'entitlement',
  'callback',
  'webhook_endpoint',
  'notification',
  'broadcast',
] as const;
export type StreamType = (typeof STREAM_TYPES)[number];

/** The columns that a hot path fills when it announces within its own statement (see `auth/login.sql.ts`). */
export const EVENT_COLUMNS = 'app_id, id, type, stream_type, stream_id, sequence, object_type, object_id, data';

const INSERT = statement(`insert into events (${EVENT_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`);

@Injectable()
export class Announcer {
  constructor(private readonly db: Database) {}

  /** Writes the event; it is numbered and delivered once the transaction has committed. */
  async announce(tx: Tx, announcement: Announcement): Promise<void> {
    const { id = newId('event'), appId, type, stream, sequence, object = stream, data } = announcement;
    const values = [appId, id, type, stream.type, stream.id, sequence, object.type, object.id];
    await this.db.run(INSERT, [...values, JSON.stringify(data)], tx);
  }
}
