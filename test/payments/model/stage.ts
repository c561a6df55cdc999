import { setTimeout as pause } from 'node:timers/promises';
import type { Violation } from '../../../src/cli/doctor.js';
import { type Ask, ask } from '../../support/client.js';

/** Where the model plays: running servers, their sandbox and their database. */
export interface Stage {
  /** API processes; each call goes to another one. */
  readonly urls: readonly string[];
  readonly sandboxUrl: string;
  readonly operatorToken: string;
  /** `sandbox/state.jsonl` under it is all that the sandbox knows. */
  readonly sandboxDir: string;
  /** Processes, Redis and Postgres are killed on the way: a call may stay without an answer, or fail. */
  readonly falters: boolean;
  /** Protocol time in ms. */
  now(): number;
  /** `name` lets the database keep the plan. */
  query<Row>(name: string, text: string, values: readonly unknown[]): Promise<Row[]>;
  examine(): Promise<readonly Violation[]>;
  /** What the servers remember of apps was changed behind their back. */
  forgetApps(): void;
  /** Lets protocol time pass, which business time does not move. */
  rest(milliseconds: number): Promise<void>;
  /** Wakes lanes at once where that is possible; elsewhere the sweeps find what is due. */
  wake(kind: string, lane: { appId: string; lane: string }): Promise<void>;
}

/** For the connections of `query`: its long statements are planned once, not anew for each payment. */
export const PLAN_ONCE = '-c plan_cache_mode=force_generic_plan';
/** And planned again when the tables have grown. */
export const PLAN_AGAIN = 'analyze payments, payment_attempts, refunds, transfers, events';

/** A promise that was not kept. `about`: the payment, if it is about one. */
export class Broken extends Error {
  override readonly name = 'Broken';
  constructor(
    message: string,
    readonly about?: string,
  ) {
    super(message);
  }
}

/** `status` 0: nobody answered. */
export interface Reply<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T & { readonly code?: string; readonly paymentId?: string };
  readonly replayed: boolean;
}

let turn = 0;

/** One request to one of the API processes. A surprise in a server that nobody kills is a broken promise. */
export async function call<T = Record<string, unknown>>(
  stage: Stage,
  method: string,
  path: string,
  over: Ask = {},
): Promise<Reply<T>> {
  const url = stage.urls[turn++ % stage.urls.length]!;
  try {
    const { status, body, headers } = await ask<T & { code?: string }>(url, method, path, over);
    if (status === 500 && !stage.falters) throw new Broken(`${method} ${path} answered 500 ${JSON.stringify(body)}`);
    return { status, body, replayed: headers.get('idempotent-replayed') === 'true' };
  } catch (error) {
    if (error instanceof Broken || !stage.falters) throw error;
    return { status: 0, body: {} as Reply<T>['body'], replayed: false };
  }
}

/** Until it succeeds; for what the model itself needs while servers come and go. */
export async function insist<T>(stage: Stage, act: () => Promise<T>, patience = 30_000): Promise<T> {
  for (const start = performance.now(); ;) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Broken || !stage.falters || performance.now() - start > patience) throw error;
      await pause(100);
    }
  }
}

/** A request to the sandbox's own surface; its refusals are answers too. */
export const play = <T = Record<string, unknown>>(stage: Stage, action: string, body: object) =>
  insist(stage, () => ask<T>(stage.sandboxUrl, 'POST', `/_/${action}`, { body }));
