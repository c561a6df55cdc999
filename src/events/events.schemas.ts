import { z } from 'zod';
import { PageQuery } from '../common/pagination.js';
import { STREAM_TYPES } from './announce.js';
import { EVENT_TYPES, type EventType } from './event-types.js';

const types = Object.keys(EVENT_TYPES) as [EventType, ...EventType[]];

export const EventQuery = PageQuery.extend({
  type: z.enum(types).optional(),
  streamType: z.enum(STREAM_TYPES).optional(),
  streamId: z.string().max(64).optional(),
});
export type EventQuery = z.infer<typeof EventQuery>;

export const EventView = z
  .object({
    id: z.string(),
    type: z.enum(types),
    position: z.int().meta({ description: 'Ascends in the order in which events are read. May have gaps.' }),
    stream: z.object({ type: z.string(), id: z.string() }),
    sequence: z.int().meta({ description: 'Counts the events of the stream from 1, without gaps.' }),
    object: z.object({ type: z.string(), id: z.string() }),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Event' });
export type EventView = z.infer<typeof EventView>;

export const EventPage = z
  .object({
    data: z.array(EventView),
    nextCursor: z.string().nullable().meta({
      description: 'Where to go on: ask again with it, also when this page was the last one so far.',
    }),
  })
  .meta({ id: 'EventPage' });
export type EventPage = z.infer<typeof EventPage>;
