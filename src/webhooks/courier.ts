import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Lanes } from '../queues/lane.js';
import { STOPPED } from './answer-reader.js';
import type { Claimed, Lease, Leased } from './claimed.js';
import { RELEASE } from './delivering.sql.js';
import { DeliveryCounts } from './delivery-counts.js';
import { DELIVERY_LANES } from './delivery-lanes.js';
import { DeliveryResults, type Result, type Standing } from './delivery-results.js';
import { type DeliveryWindow, DeliveryWindows } from './delivery-window.js';
import type { EndpointRow } from './endpoint.js';
import { messageOf } from './message.js';
import { nextDelay, retryAfterOf } from './schedule.js';
import { Sender, type Sent } from './sender.js';

/** `Retry-After` of these says how busy the endpoint is (Standard Webhooks). */
const BUSY: readonly (number | null)[] = [429, 502, 503, 504];
/** However long a busy endpoint wants its repeat to wait, other deliveries try it after that. */
const LONGEST_HOLD_MS = 60_000;
/** What is left of a lease when a request begins: it takes up to 15 s, and its result is to be written. */
const LEAST_LEASE_MS = 20_000;
/** What is on its way when the process stops may end within that. */
const STOP_MS = 3_000;

/** Which endpoint. */
type EndpointRef = Pick<EndpointRow, 'appId' | 'id'>;

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

  /**
   * Gives back what was not sent, and lets what is on its way end, for a moment; breaks off the rest. Both are due again
   * at once.
   */
  async onApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    const end = performance.now() + STOP_MS;
    await Promise.all(this.windows.all.map((window) => this.#release(window.takeAll())));
    while (this.windows.inFlight > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.sender.close();
    await this.results.settled();
  }

  /** Begins to send, and returns: as many at once as the endpoint takes, each of the others when one has ended. */
  send({ claimed, ...lease }: Lease): void {
    const window = this.windows.of(lease.endpoint.row.id);
    window.push(claimed.map((delivery) => ({ ...lease, delivery })));
    this.#goOn(window, lease.endpoint.row);
  }

  /** Gives back what was not sent to an endpoint that is not to be called. */
  async withdraw(endpoint: EndpointRef): Promise<void> {
    await this.#release(this.windows.of(endpoint.id).takeAll());
    this.windows.tidy(endpoint.id);
  }

  #goOn(window: DeliveryWindow, endpoint: EndpointRef): void {
    const late: Leased[] = [];
    for (let next = window.shift(); next; next = window.shift()) {
      const at = this.clock.now();
      if (this.#stopping || next.until.getTime() < at.getTime() + LEAST_LEASE_MS) {
        window.inFlight -= 1;
        late.push(next);
      } else void this.#deliver(window, next, at);
    }
    if (late.length > 0) void this.#giveBack(endpoint, late);
  }

  async #deliver(window: DeliveryWindow, leased: Leased, at: Date): Promise<void> {
    const { endpoint, delivery } = leased;
    let standing: Standing | undefined;
    try {
      const sent = await this.#send(leased, at);
      if (sent.error === STOPPED) await this.#release([leased]);
      else {
        this.#count(delivery, sent, at);
        standing = await this.results.add(resultOf(leased, sent, at, this.clock.now()));
        if (isSuccess(sent)) window.succeeded();
      }
    } catch {
      // What never came to a result is due again when its lease ends.
    } finally {
      window.ended();
      this.#follow(window, endpoint.row, standing);
    }
  }

  /** After a result. Each that ends lets one more go, and says whether it may: nothing is sent to who was paused meanwhile. */
  #follow(window: DeliveryWindow, endpoint: EndpointRef, standing: Standing | undefined): void {
    const refused = window.takeRefused(standing);
    if (refused.length > 0) {
      window.isOutdated = true;
      void this.#giveBack(endpoint, refused);
    }
    this.#goOn(window, endpoint);
    this.#nudge(window, endpoint);
    this.windows.tidy(endpoint.id);
  }

  /** When nobody is there to go on with it: what became due again, or room for more. */
  #nudge(window: DeliveryWindow, { appId, id }: EndpointRef): void {
    if (window.isWatched || window.isExpected || this.#stopping) return;
    if (window.ahead === 0 || window.isLow) void this.lanes.nudge(DELIVERY_LANES, { appId, lane: id });
  }

  async #giveBack(endpoint: EndpointRef, leased: readonly Leased[]): Promise<void> {
    await this.#release(leased);
    this.#nudge(this.windows.of(endpoint.id), endpoint);
    this.windows.tidy(endpoint.id);
  }

  /** Never rejects: a lease that cannot be given back ends by itself. */
  async #release(leased: readonly Leased[]): Promise<void> {
    if (leased.length === 0) return;
    const { appId } = leased[0]!.endpoint.row;
    const values = [appId, leased.map(({ delivery }) => delivery.id), leased.map(({ until }) => until.toISOString())];
    await this.db.run(RELEASE, values).catch(() => undefined);
  }

  async #send({ endpoint, delivery }: Leased, at: Date): Promise<Sent> {
    const { eventId, type, happenedAt, data } = delivery;
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

function resultOf({ endpoint, delivery, isProbe }: Leased, sent: Sent, at: Date, now: Date): Result {
  const { row } = endpoint;
  const { id, tries, happenedAt } = delivery;
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
    error: sent.error ?? (isRedirect ? 'redirect_refused: redirects are not followed' : undefined),
    answer: sent.text,
    nextAt: delay === undefined ? undefined : new Date(now.getTime() + delay),
    holdUntil: asked > 0 ? new Date(now.getTime() + Math.min(asked, LONGEST_HOLD_MS)) : undefined,
    isProbe: isProbe || undefined,
    isGone: isGone || undefined,
  };
}
