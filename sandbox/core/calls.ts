import { z } from 'zod';
import { matches } from './call-match.js';
import type { Call, Platform } from './platform.js';

const REMEMBERED = 10_000;
const BODY_BYTES = 4_096;

interface RememberedCall {
  readonly id: number;
  readonly platform: Platform;
  readonly call: Call;
  readonly outcome: CallOutcome;
}

export interface CallOutcome {
  /** Absent when the caller got no answer. */
  readonly status?: number;
  readonly answer?: string;
  /** The fault that was played. */
  readonly fault?: string;
}

export const callFilterSchema = z.strictObject({
  platform: z.string().optional(),
  path: z.string().optional(),
  platformAppId: z.string().optional(),
  /** Only calls after the one with this id. */
  after: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).max(REMEMBERED).default(1_000),
});
type CallFilter = z.output<typeof callFilterSchema>;

/** The last ten thousand calls, in memory. */
export class Calls {
  readonly #ring: RememberedCall[] = [];
  #count = 0;

  remember(platform: Platform, call: Call, outcome: CallOutcome): void {
    const body = call.body.length > BODY_BYTES ? Buffer.from(call.body.subarray(0, BODY_BYTES)) : call.body;
    const id = ++this.#count;
    this.#ring[id % REMEMBERED] = { id, platform, call: { ...call, body }, outcome };
  }

  /** The newest `limit` that fit, the oldest of them first; `total` is how many fit. */
  find(filter: CallFilter): { total: number; calls: object[] } {
    const { after = 0 } = filter;
    const found = this.#ring
      .filter(({ id, platform, call }) => id > after && matches(filter, platform, call))
      .sort((a, b) => a.id - b.id);
    return { total: found.length, calls: found.slice(-filter.limit).map(view) };
  }

  forgetAll(): void {
    this.#ring.length = 0;
  }
}

function view({ id, platform, call, outcome }: RememberedCall): object {
  const { method, path, query, headers } = call;
  return {
    id,
    at: new Date(call.at).toISOString(),
    platform: platform.code,
    ...platform.describe(call),
    ...{ method, path, query, headers, body: call.body.toString() },
    ...outcome,
  };
}
