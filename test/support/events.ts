import { EVENT_DATA } from '../../src/events/event-data.js';
import type { EventType } from '../../src/events/event-types.js';
import { until } from '../queues/support/until.js';
import { must } from './client.js';
import type { Minibase } from './minibase.js';

export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly position: number;
  readonly stream: { readonly type: string; readonly id: string };
  readonly sequence: number;
  readonly object: { readonly type: string; readonly id: string };
  readonly data: Readonly<Record<string, unknown>>;
}

/** Every event of an app so far, oldest first, read as a developer would: page by page. */
export async function eventsOf(minibase: Pick<Minibase, 'url'>, secretKey: string): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  for (let cursor = ''; ;) {
    const path = `/v1/events?limit=100${cursor && `&cursor=${cursor}`}`;
    const page = await must<{ data: SeenEvent[]; nextCursor: string | null }>(minibase.url, 'GET', path, {
      token: secretKey,
    });
    events.push(...page.data.map(asDescribed));
    if (page.data.length < 100) return events;
    cursor = page.nextCursor ?? '';
  }
}

/** Whoever reads events in a test also checks that they are what the API document promises. */
function asDescribed(event: SeenEvent): SeenEvent {
  const { error } = EVENT_DATA[event.type as EventType].safeParse(event.data);
  if (error) throw new Error(`${event.type} is not as described: ${error.message} in ${JSON.stringify(event.data)}`);
  return event;
}

/** Waits until the relay has numbered an event of the type; gives all events. */
export async function untilEvent(minibase: Minibase, secretKey: string, type: string, count = 1): Promise<SeenEvent[]> {
  let events: SeenEvent[] = [];
  await until(`${count} × ${type}`, async () => {
    events = await eventsOf(minibase, secretKey);
    return events.filter((event) => event.type === type).length >= count;
  });
  return events;
}

/** Waits until that many events of a type are told about one user; gives them, and fails when there are more. */
export async function untilTold(
  minibase: Minibase,
  secretKey: string,
  userId: string,
  type: string,
  count = 1,
): Promise<SeenEvent[]> {
  const mine = async () =>
    (await eventsOf(minibase, secretKey)).filter((event) => event.stream.id === userId && event.type === type);
  await until(`${count} × ${type} of ${userId}`, async () => (await mine()).length >= count);
  const told = await mine();
  if (told.length > count) throw new Error(`${told.length} × ${type} of ${userId}, where ${count} was expected`);
  return told;
}
