import type { OpenEndpoint } from './endpoint-book.js';
import type { Told } from './message.js';

/** A delivery that this process has leased. */
export interface Claimed {
  [column: string]: unknown;
  readonly id: string;
  readonly eventId: string;
  readonly type: string;
  /** Failures of the present schedule so far. */
  readonly tries: number;
  /** Of all schedules: a redelivery begins a new one. */
  readonly attempts: number;
  readonly position: number;
  readonly streamType: string;
  readonly streamId: string;
  /** Null when the event is gone. */
  readonly happenedAt: Date | null;
  readonly data: Told['data'] | null;
}

/** Deliveries of one endpoint as one statement has leased them. */
export interface Lease {
  readonly endpoint: OpenEndpoint;
  readonly claimed: readonly Claimed[];
  /** Until when nobody else sends them. */
  readonly until: Date;
  /** Whether this one tries an endpoint whose circuit is open. */
  readonly isProbe: boolean;
}

/** One of them. */
export interface Leased extends Omit<Lease, 'claimed'> {
  readonly delivery: Claimed;
}
