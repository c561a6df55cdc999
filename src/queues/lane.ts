/** What a job wakes: one account's messages, one endpoint's deliveries, the relay, one app's billing. */
export interface LaneRef {
  readonly appId: string;
  /** The object whose rows are worked, e.g. a webhook endpoint's id. */
  readonly lane: string;
}

/** One text per lane, within its kind. */
export const keyOf = ({ appId, lane }: LaneRef): string => `${appId}/${lane}`;

/** The bounds of one run. A run that reaches one ends and is nudged again, so that lanes alternate. */
export interface Slice {
  /** At most this many rows (200, unless its kind says otherwise). */
  readonly rows: number;
  /** True once the run has had its time (2 s) or the process is stopping: finish the row in hand and return. */
  over(): boolean;
}

/** `idle`: nothing is due until somebody nudges. `{ at }`: more is due then (now, if it has passed). */
export type LaneResult = 'idle' | { readonly at: Date };

/** A kind of lane, declared once per process by the domain that owns the rows. */
export interface LaneKind {
  /** Lower-case letters, digits and dashes; the queue's name. */
  readonly name: string;
  /** Lanes of this kind that one process works at the same time. */
  readonly concurrency: number;
  /**
   * Claims due rows with a lease (`for update skip locked`), works them, records the results.
   * One lane never runs twice at once; a lane whose worker died in its run runs again within ten seconds.
   * The answer names the earliest time at which anything is due, whoever wrote it: a lane has one timer per process.
   * A throw is logged (name and message), and the lane runs again after five seconds.
   */
  run(lane: LaneRef, slice: Slice): Promise<LaneResult>;
  /** Lanes with due rows, found by index: what refills a queue that was lost. At most `limit`, the most overdue first. */
  due(limit: number): Promise<readonly LaneRef[]>;
  /** Rows in one run, where 200 are too few: most of the time would pass between the runs. */
  readonly rows?: number;
  /** Milliseconds between two askings of `due`, by one process of all: how late a lane may be whose nudge was lost. */
  readonly sweepEvery: number;
}

/** How many lanes of one kind wait for a worker, or run. */
export interface QueueCount {
  readonly queue: string;
  readonly state: 'waiting' | 'active';
  readonly count: number;
}

/** The only thing that others know of queues. */
export abstract class Lanes {
  /** Before start: which kinds this process works. A process of role `api` declares too, but does not work. */
  abstract declare(kind: LaneKind): void;
  /**
   * Wakes a lane, now or at a time. Call it after the commit, never inside a transaction. Fifty nudges make a few runs.
   * Never throws and never waits more than a second: a lost nudge is logged and found by the sweep.
   * A nudge for later (machine time) waits in this process; one that stops hands it over, one that is killed loses it.
   */
  abstract nudge(kind: string, lane: LaneRef, at?: Date): Promise<void>;
  /**
   * Nudges every lane of a kind that is due now, as its sweep does every while; says how many there were. Rejects when the
   * rows cannot be read.
   */
  abstract nudgeDue(kind: string): Promise<number>;
  /** For the metrics. Rejects when the store does not answer within two seconds. */
  abstract counts(): Promise<readonly QueueCount[]>;
  /** Rejects when the store does not answer within two seconds. */
  abstract ping(): Promise<void>;
}

/** Paces one account's calls over all processes: at most `burst` at once and `perSecond` in the long run (GCRA). */
export interface Pace {
  readonly perSecond: number;
  readonly burst: number;
}

export abstract class Buckets {
  /**
   * Takes up to `wanted` tokens of the bucket. `taken` may be 0; `retryAt`, on this process's clock, is when the next one
   * is there. Rejects when the store does not answer.
   */
  abstract take(bucket: LaneRef, pace: Pace, wanted: number): Promise<{ taken: number; retryAt: Date }>;
}
