import { toCursor } from '../../common/pagination.js';
import type { EventPage, EventView } from '../../events/events.schemas.js';
import type { RemoteApi } from './remote-api.js';

/** Rows of a page, as many as the API gives at once. */
export const PAGE = 100;

/** Which events are read; all when left out. */
export interface EventFilter {
  readonly type?: string;
  readonly streamId?: string;
}

export interface EventsQuestion extends EventFilter {
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Events after a position, oldest first. Throws RemoteError. */
export async function eventsAfter(
  api: RemoteApi,
  position: number,
  { limit = PAGE, signal, ...filter }: EventsQuestion = {},
): Promise<EventView[]> {
  const query = new URLSearchParams({ limit: String(limit), cursor: toCursor(String(position)), ...filter });
  const { data } = await api.ask<EventPage>(`/v1/events?${query.toString()}`, { signal });
  return data;
}

/**
 * The position of the newest event, 0 when there is none. Nobody tells it, and reading up to it may take long: but
 * positions ascend, and whether anything follows one of them is a cheap question.
 */
export async function newestPosition(api: RemoteApi, question: EventsQuestion = {}): Promise<number> {
  const next = async (position: number): Promise<number | undefined> =>
    (await eventsAfter(api, position, { ...question, limit: 1 }))[0]?.position;
  let low = 0;
  let high = Number.MAX_SAFE_INTEGER;
  for (let step = 1; high === Number.MAX_SAFE_INTEGER; step *= 2) {
    const found = await next(low + step - 1);
    if (found === undefined) high = low + step - 1;
    else low = found;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await next(middle);
    if (found === undefined) high = middle;
    else low = found;
  }
  return low;
}
