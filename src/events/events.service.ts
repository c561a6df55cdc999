import { Injectable } from '@nestjs/common';
import { fromCursor, toCursor } from '../common/pagination.js';
import { Database, statement } from '../database/database.js';
import type { EventType } from './event-types.js';
import type { EventPage, EventQuery, EventView } from './events.schemas.js';

const READ = statement(`
  select id, type, position, stream_type, stream_id, sequence, object_type, object_id, data, created_at
  from events
  where app_id = $1 and position > $2
    and ($4::text is null or type = $4) and ($5::text is null or stream_type = $5) and ($6::text is null or stream_id = $6)
  order by position limit $3`);

interface Row {
  [column: string]: unknown;
  id: string;
  type: EventType;
  position: string;
  stream_type: string;
  stream_id: string;
  sequence: number;
  object_type: string;
  object_id: string;
  data: EventView['data'];
  created_at: Date;
}

/** What happened in an app, oldest first. A reader that asks on with the cursor misses nothing, however late a commit. */
@Injectable()
export class Events {
  constructor(private readonly db: Database) {}

  async list(appId: string, { limit, cursor, type, streamType, streamId }: EventQuery): Promise<EventPage> {
    const after = cursor === undefined ? '0' : fromCursor(cursor, /^\d{1,18}$/);
    const rows = await this.db.run<Row>(READ, [
      appId,
      after,
      limit,
      type ?? null,
      streamType ?? null,
      streamId ?? null,
    ]);
    const last = rows.at(-1);
    return { data: rows.map(toView), nextCursor: last ? toCursor(last.position) : (cursor ?? null) };
  }
}

const toView = (row: Row): EventView => ({
  id: row.id,
  type: row.type,
  position: Number(row.position),
  stream: { type: row.stream_type, id: row.stream_id },
  sequence: row.sequence,
  object: { type: row.object_type, id: row.object_id },
  data: row.data,
  createdAt: row.created_at.toISOString(),
});
