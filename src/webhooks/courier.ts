import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Lanes } from '../queues/lane.js';
import { STOPPED } from './answer-reader.js';
import { RELEASE } from './delivering.sql.js';
import { DeliveryCounts } from './delivery-counts.js';
import { DELIVERY_LANES } from './delivery-lanes.js';
import { DeliveryResults, type Result } from './delivery-results.js';
import { DeliveryWindows } from './delivery-window.js';
import type { OpenEndpoint } from './endpoint-book.js';
import { messageOf, type Told } from './message.js';
import { nextDelay, retryAfterOf } from './schedule.js';
import { Sender, type Sent } from './sender.js';

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

/** `Retry-After` of these says how busy the endpoint is (Standard Webhooks). */
const BUSY: readonly (number | null)[] = [429, 502, 503, 504];
/** However long a busy endpoint wants its repeat to wait, other deliveries try it after that. */
const LONGEST_HOLD_MS = 60_000;
/** What is on its way when the process stops may end within that. */
const STOP_MS = 3_000;

/** Sends leased deliveries and sees to it that what came of each is written. Runs of lanes end before their sends do. */
@Injectable()
export class Courier implements OnApplicationShutdown {
  readonly windows = new DeliveryWindows();
  #stopping = false;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly sender: Sender,
    private readonly results: DeliveryResults,
    private readonly counts: DeliveryCounts,
    private readonly lanes: Lanes,
  ) {}

  /** Lets what is on its way end, for a moment; breaks off the rest, which is due again at once. */
  async onApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    const end = performance.now() + STOP_MS;
    while (this.windows.inFlight > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.sender.close();
    await this.results.settled();
  }

  /** Begins to send, and returns. `isProbe`: whether this one tries an endpoint whose circuit is open. */
  send(endpoint: OpenEndpoint, claimed: readonly Claimed[], isProbe = false): void {
    const window = this.windows.of(endpoint.row.id);
    window.inFlight += claimed.length;
    for (const delivery of claimed) void this.#deliver(endpoint, delivery, isProbe);
  }

  async #deliver(endpoint: OpenEndpoint, delivery: Claimed, isProbe: boolean): Promise<void> {
    const { appId, id: endpointId } = endpoint.row;
    try {
      const at = this.clock.now();
      const sent = await this.#send(endpoint, delivery, at);
      if (sent.error === STOPPED) await this.db.run(RELEASE, [appId, [delivery.id]]);
      else {
        this.#count(delivery, sent, at);
        await this.results.add(resultOf(endpoint, delivery, sent, at, this.clock.now(), isProbe));
      }
    } catch {
      // Only a lease that could not be given back while stopping: it ends by itself.
    } finally {
      const window = this.windows.of(endpointId);
      window.ended(1);
      // Nobody is there to go on with it: what became due again, or room for more.
      if (!window.isWatched && !window.isExpected && !this.#stopping)
        void this.lanes.nudge(DELIVERY_LANES, { appId, lane: endpointId });
      this.windows.tidy(endpointId);
    }
  }

  async #send(endpoint: OpenEndpoint, { eventId, type, happenedAt, data }: Claimed, at: Date): Promise<Sent> {
    if (happenedAt === null || data === null) return FORGOTTEN;
    return this.sender.send(messageOf(endpoint, { eventId, type, happenedAt, data }, at));
  }

  #count({ attempts, happenedAt }: Claimed, sent: Sent, at: Date): void {
    const result = isSuccess(sent) ? 'succeeded' : sent.status === null || sent.error !== null ? 'failed' : 'refused';
    this.counts.attempts.inc({ result });
    this.counts.seconds.observe(sent.durationMs / 1_000);
    if (attempts === 0 && happenedAt) this.counts.lag.observe(Math.max(0, at.getTime() - happenedAt.getTime()) / 1_000);
  }
}

const FORGOTTEN: Sent = {
  status: null,
  error: 'event_forgotten: the event is older than events are kept',
  text: null,
  retryAfter: undefined,
  durationMs: 0,
};

/** Any 2xx whose answer has come to its end, or to more than anybody reads. */
const isSuccess = ({ status, error }: Sent): boolean =>
  error === null && status !== null && status >= 200 && status < 300;

function resultOf(
  { row }: OpenEndpoint,
  { id, tries, happenedAt }: Claimed,
  sent: Sent,
  at: Date,
  now: Date,
  isProbe: boolean,
): Result {
  const isGone = sent.status === 410;
  const asked = BUSY.includes(sent.status) ? retryAfterOf(sent.retryAfter, now) : 0;
  const isOver = isSuccess(sent) || isGone || happenedAt === null;
  const delay = isOver ? undefined : nextDelay(tries + 1, asked);
  const failed = delay === undefined ? 'dead' : 'pending';
  const isRedirect = sent.status !== null && sent.status >= 300 && sent.status < 400;
  return {
    appId: row.appId,
    deliveryId: id,
    endpointId: row.id,
    at,
    durationMs: sent.durationMs,
    outcome: isSuccess(sent) ? 'succeeded' : failed,
    status: sent.status,
    error: sent.error ?? (isRedirect ? 'redirect_refused: redirects are not followed' : null),
    answer: sent.text,
    nextAt: delay === undefined ? null : new Date(now.getTime() + delay),
    holdUntil: asked > 0 ? new Date(now.getTime() + Math.min(asked, LONGEST_HOLD_MS)) : null,
    isProbe,
    isGone,
  };
}
