import { z } from 'zod';
import type { AnyAccount } from './accounts.js';
import { DIRECTIONS, matches, type Passing } from './call-match.js';
import type { Call, CallbackRequest, OutgoingCallback, Platform } from './platform.js';

const REMEMBERED = 10_000;
const BODY_BYTES = 4_096;

interface RememberedCall {
  readonly id: number;
  readonly passing: Passing;
  /** ms. */
  readonly at: number;
  readonly shown: object;
  readonly outcome: CallOutcome;
}

export interface CallOutcome {
  /** Absent when there was no answer. */
  readonly status?: number;
  readonly answer?: string;
  /** The fault that was played. */
  readonly fault?: string;
  /** Why a callback was not sent, or not answered. */
  readonly error?: string;
}

/** One sending of a callback. */
export interface OutgoingCall {
  readonly account: AnyAccount;
  readonly callback: OutgoingCallback;
  /** POST when absent. */
  readonly method?: string;
  /** 1 for the first. */
  readonly try: number;
  /** Protocol time in ms. */
  readonly at: number;
  /** Absent when nothing was built. */
  readonly request?: CallbackRequest | undefined;
}

export const callFilterSchema = z.strictObject({
  platform: z.string().optional(),
  direction: z.enum(DIRECTIONS).optional(),
  path: z.string().optional(),
  operation: z.string().optional(),
  platformAppId: z.string().optional(),
  merchantId: z.string().optional(),
  /** Only calls after the one with this id. */
  after: z.coerce.number().int().optional(),
  limit: z.coerce.number().int().min(1).max(REMEMBERED).default(1_000),
});
type CallFilter = z.output<typeof callFilterSchema>;

/** The last ten thousand calls, both ways, in memory. */
export class Calls {
  readonly #ring: RememberedCall[] = [];
  #count = 0;

  remember(platform: Platform, call: Call, outcome: CallOutcome): void {
    const { method, path, query, headers } = call;
    const body = call.body.length > BODY_BYTES ? Buffer.from(call.body.subarray(0, BODY_BYTES)) : call.body;
    const passing = passingCall(platform, { ...call, body });
    this.#keep({ passing, at: call.at, shown: { method, path, query, headers, body }, outcome });
  }

  rememberCallback(call: OutgoingCall, outcome: CallOutcome): void {
    const { headers, query, body = '' } = call.request ?? {};
    const shown = {
      ...{ method: call.method ?? 'POST', url: call.callback.url, path: pathOf(call.callback.url) },
      ...(query && { query }),
      ...(headers && { headers, body: body.slice(0, BODY_BYTES) }),
      try: call.try,
    };
    this.#keep({ passing: passingCallback(call.account, call.callback), at: call.at, shown, outcome });
  }

  /** The newest `limit` that fit, the oldest of them first; `total` is how many fit. */
  find(filter: CallFilter): { total: number; calls: object[] } {
    const { after = 0 } = filter;
    const found = this.#ring
      .filter(({ id, passing }) => id > after && matches(filter, passing))
      .sort((a, b) => a.id - b.id);
    return { total: found.length, calls: found.slice(-filter.limit).map(view) };
  }

  forgetAll(): void {
    this.#ring.length = 0;
  }

  #keep(call: Omit<RememberedCall, 'id'>): void {
    const id = ++this.#count;
    this.#ring[id % REMEMBERED] = { id, ...call };
  }
}

export const passingCall = (platform: Platform, call: Call): Passing => ({
  direction: 'in',
  platform: platform.code,
  path: call.path,
  describe: () => platform.describe(call),
});

export const passingCallback = (account: AnyAccount, { url, operation }: OutgoingCallback): Passing => ({
  direction: 'out',
  platform: account.platform,
  path: pathOf(url),
  describe: () => ({
    ...(account.kind === 'program' ? { platformAppId: account.platformAppId } : { merchantId: account.merchantId }),
    operation,
  }),
});

const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : url);

function view({ id, at, passing, shown, outcome }: RememberedCall): object {
  const { direction, platform } = passing;
  const { body } = shown as { body?: Buffer | string };
  return {
    ...{ id, at: new Date(at).toISOString(), direction, platform },
    ...passing.describe(),
    ...shown,
    ...(body !== undefined && { body: body.toString() }),
    ...outcome,
  };
}
