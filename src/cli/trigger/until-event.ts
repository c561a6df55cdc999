import { setTimeout as pause } from 'node:timers/promises';
import { StartError } from '../../common/start-error.js';
import type { EventView } from '../../events/events.schemas.js';
import type { EventType } from '../../events/event-types.js';
import { RemoteError } from '../remote/ask-json.js';
import type { RemoteApi } from '../remote/remote-api.js';
import { eventsAfter } from '../remote/remote-events.js';
import type { Expected } from './scene.js';

const DEADLINE_S = 30;
const POLL_MS = 200;
/** By then a callback that comes at all has come. */
const HELP_AFTER_MS = 4_000;

/** Waits until the event can be read. Throws StartError when it does not come in time. */
export async function untilEvent(api: RemoteApi, type: EventType, expected: Expected): Promise<EventView> {
  const { streamId, after = 0, isIt = () => true, seconds = DEADLINE_S } = expected;
  let { help } = expected;
  const start = performance.now();
  for (let position = after; ; await pause(POLL_MS)) {
    const events = await eventsAfter(api, position, { type, ...(streamId !== undefined && { streamId }) });
    const found = events.find(isIt);
    if (found) return found;
    position = events.at(-1)?.position ?? position;
    const waited = performance.now() - start;
    if (waited > seconds * 1_000) throw late(type, seconds);
    if (help && waited > HELP_AFTER_MS) {
      // Whatever it answers: what counts is the event.
      await help().catch((error: unknown) => {
        if (!(error instanceof RemoteError)) throw error;
      });
      help = undefined;
    }
  }
}

const late = (type: EventType, seconds: number): StartError =>
  new StartError(
    `${type} did not come within ${seconds} s. Does a worker run (MINIBASE_ROLE), and can the sandbox reach PUBLIC_URL?`,
  );
