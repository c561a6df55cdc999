import { setTimeout as pause } from 'node:timers/promises';
import type { EventView } from '../../events/events.schemas.js';
import { RemoteError } from '../remote/ask-json.js';
import type { RemoteApi } from '../remote/remote-api.js';
import { eventsAfter, PAGE } from '../remote/remote-events.js';

export interface FeedOptions {
  /** Ends everything that waits, with its reason. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Between two questions that found nothing more to read: a developer notices no delay, an app's limit no load. */
const IDLE_MS = 500;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** All events after a position, in their order, for ever. Throws RemoteError for what waiting does not mend. */
export async function* feed(api: RemoteApi, position: number, options: FeedOptions): AsyncGenerator<EventView> {
  const { signal } = options;
  for (let after = position; ;) {
    const events = await patiently(() => eventsAfter(api, after, { signal }), options);
    yield* events;
    after = events.at(-1)?.position ?? after;
    if (events.length < PAGE) await pause(IDLE_MS, undefined, { signal });
  }
}

/** Asks until there is an answer, with growing pauses, and says when it begins and ends to wait. */
export async function patiently<T>(ask: () => Promise<T>, { signal, say }: FeedOptions): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const answer = await ask();
      if (failures > 0) say('The API answers again.');
      return answer;
    } catch (error) {
      if (!(error instanceof RemoteError) || !error.isAway) throw error;
      if (failures === 0) say(`${error.line} Waiting for it.`);
      const growing = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      await pause(Math.max(growing, error.retryAfter), undefined, { signal });
    }
  }
}
