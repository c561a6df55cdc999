import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database } from '../database/database.js';
import { Buckets, Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import type { Claimed, Lease } from './claimed.js';
import { Courier } from './courier.js';
import {
  CLAIM,
  CLAIM_ORDERED,
  DUE,
  END_PENDING,
  GIVE_PROBE_BACK,
  NEXT,
  NEXT_ORDERED,
  RECOVER_STEP,
  RELEASE,
  TAKE_PROBE,
} from './delivering.sql.js';
import { DELIVERY_LANES } from './delivery-lanes.js';
import type { DeliveryWindow } from './delivery-window.js';
import { EndpointBook, type OpenEndpoint } from './endpoint-book.js';

/** How late a delivery may be whose nudge was lost. */
const SWEEP_MS = 5_000;
/** Longer than a send and the writing of its result take: nobody else sends it meanwhile. */
const LEASE_MS = 30_000;
/** A run waits so long for an endpoint that answers; a slow one goes on without it. */
const PATIENCE_MS = 250;
const AT_ONCE = 8;
/** An endpoint that answers quickly is not left every two hundred (0029); a slow one's run ends with its time. */
const ROWS = 400;
const START_OF_STREAMS: StreamPlace = ['', ''];

type StreamPlace = readonly [type: string, id: string];

/** Sends deliveries; a lane is an endpoint. */
@Injectable()
export class DeliveryLane {
  /** Where the last claim of an ordered endpoint ended. */
  readonly #places = new Map<string, StreamPlace>();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly book: EndpointBook,
    private readonly courier: Courier,
    private readonly buckets: Buckets,
    lanes: Lanes,
  ) {
    lanes.declare({
      name: DELIVERY_LANES,
      concurrency: AT_ONCE,
      rows: ROWS,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(DUE, [this.clock.now(), limit]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  async #run(lane: LaneRef, slice: Slice): Promise<LaneResult> {
    const endpoint = await this.book.open(lane.appId, lane.lane);
    if (!endpoint) return this.#endPending(lane, 'canceled', 'endpoint_deleted: the endpoint was deleted', slice);
    const { status, rateLimit, recoverAfter, openUntil, pauseMs } = endpoint.row;
    if (status !== 'enabled') await this.courier.withdraw(endpoint.row);
    if (status === 'disabled') {
      return this.#endPending(lane, 'dead', 'endpoint_disabled: enable the endpoint and recover', slice);
    }
    if (recoverAfter !== null && !(await this.#recover(lane, slice))) return { at: new Date() };
    if (status === 'paused') return 'idle';
    if (openUntil !== null && openUntil > this.clock.now()) return { at: this.#machineTime(openUntil) };
    if (pauseMs > 0) return this.#probe(endpoint);
    const window = this.courier.windows.of(lane.lane);
    window.isWatched = true;
    window.isExpected = false;
    window.isPaced = rateLimit !== null;
    window.isOutdated = false;
    try {
      const result = await this.#work(endpoint, window, slice);
      window.isExpected = result !== 'idle' && result.at.getTime() <= Date.now();
      return result;
    } finally {
      window.isWatched = false;
      this.courier.windows.tidy(lane.lane);
    }
  }

  /** Sends what is due, as much as the endpoint takes. Requests that it does not answer soon go on without this run. */
  async #work(endpoint: OpenEndpoint, window: DeliveryWindow, slice: Slice): Promise<LaneResult> {
    let rows = 0;
    while (!slice.over() && rows < slice.rows) {
      if (window.isOutdated) return { at: new Date() };
      const room = Math.min(window.room, slice.rows - rows);
      if (!window.isLow && (await window.change(PATIENCE_MS))) continue;
      if (room === 0) return 'idle'; // Whichever ends first nudges the lane.
      const { started, retryAt } = await this.#start(endpoint, room);
      rows += started;
      if (retryAt) return { at: retryAt };
      if (started === room) continue;
      // All that is due is on its way. Of an ordered endpoint any that ends makes its stream's next one due.
      if (endpoint.row.ordered && window.load > 0 && (await window.change(PATIENCE_MS))) continue;
      if (!(await this.#settle(window))) break;
      const next = await this.#next(endpoint);
      if (next === undefined || next > this.clock.now()) return this.#at(next);
    }
    return this.#at(await this.#next(endpoint));
  }

  /** Waits for all that is leased; false when the endpoint takes its time. */
  async #settle(window: DeliveryWindow): Promise<boolean> {
    while (window.load > 0) if (!(await window.change(PATIENCE_MS))) return false;
    return true;
  }

  /** Leases and sends up to `room` deliveries, fewer where the endpoint's own rate allows fewer. */
  async #start(endpoint: OpenEndpoint, room: number): Promise<{ started: number; retryAt?: Date }> {
    const { appId, id, rateLimit } = endpoint.row;
    // A tenth of a second's worth at once, so that no second sees much more than the rate.
    const burst = rateLimit === null ? room : Math.max(1, Math.round(rateLimit / 10));
    const lease = await this.#claim(endpoint, Math.min(room, burst), false);
    const { claimed, until } = lease;
    if (claimed.length === 0 || rateLimit === null) return this.#send(lease);
    const pace = { perSecond: rateLimit, burst };
    const { taken, retryAt } = await this.buckets.take({ appId, lane: id }, pace, claimed.length);
    const surplus = claimed.slice(taken).map((delivery) => delivery.id);
    if (surplus.length > 0) await this.db.run(RELEASE, [appId, surplus, surplus.map(() => until.toISOString())]);
    const { started } = this.#send({ ...lease, claimed: claimed.slice(0, taken) });
    // Fewer than there was room for, though more may be due: only the rate says when.
    return surplus.length > 0 || claimed.length === burst ? { started, retryAt } : { started };
  }

  #send(lease: Lease): { started: number } {
    this.courier.send(lease);
    return { started: lease.claimed.length };
  }

  /** One delivery to an endpoint that has only failed lately; what comes of it closes the circuit or doubles the pause. */
  async #probe(endpoint: OpenEndpoint): Promise<LaneResult> {
    const { appId, id } = endpoint.row;
    const openUntil = this.#leaseEnd();
    const taken = await this.db.run(TAKE_PROBE, [appId, id, this.clock.now(), openUntil]);
    if (taken.length === 0) return 'idle';
    const lease = await this.#claim(endpoint, 1, true);
    if (lease.claimed.length > 0) {
      this.courier.send(lease);
      return { at: this.#machineTime(openUntil) };
    }
    await this.db.run(GIVE_PROBE_BACK, [appId, id, openUntil]);
    return this.#at(await this.#next(endpoint));
  }

  async #claim(endpoint: OpenEndpoint, count: number, isProbe: boolean): Promise<Lease> {
    const { appId, id, ordered } = endpoint.row;
    const until = this.#leaseEnd();
    const values = [appId, id, this.clock.now(), until, count, isProbe];
    const claimed = ordered ? await this.#claimOrdered(id, values, count) : await this.db.run<Claimed>(CLAIM, values);
    return { endpoint, claimed: claimed.sort((a, b) => a.position - b.position), until, isProbe };
  }

  /** Goes on behind the stream where the last claim ended, and from the first one again when the end was reached. */
  async #claimOrdered(endpointId: string, values: (string | Date | number | boolean)[], count: number) {
    const place = this.#places.get(endpointId) ?? START_OF_STREAMS;
    const claimed = await this.db.run<Claimed>(CLAIM_ORDERED, [...values, ...place]);
    const last = claimed.map(({ streamType, streamId }): StreamPlace => [streamType, streamId]).sort(compare).at(-1); // prettier-ignore
    if (claimed.length === count && last) this.#places.set(endpointId, last);
    else this.#places.delete(endpointId);
    if (claimed.length > 0 || place === START_OF_STREAMS) return claimed;
    return this.db.run<Claimed>(CLAIM_ORDERED, [...values, ...START_OF_STREAMS]);
  }

  async #next({ row }: OpenEndpoint): Promise<Date | undefined> {
    const values = [row.appId, row.id, this.clock.now()];
    const [next] = await this.db.run<{ at: Date | null }>(row.ordered ? NEXT_ORDERED : NEXT, values);
    return next?.at ?? undefined;
  }

  /** True when it has come to its end; false when it goes on, or begins anew because it was asked for again. */
  async #recover({ appId, lane }: LaneRef, slice: Slice): Promise<boolean> {
    for (;;) {
      const values = [appId, lane, this.clock.now(), slice.rows];
      const [step] = await this.db.run<{ size: number }>(RECOVER_STEP, values);
      if (!step) return false;
      if (step.size < slice.rows) return true;
      if (slice.over()) return false;
    }
  }

  async #endPending({ appId, lane }: LaneRef, status: string, why: string, slice: Slice): Promise<LaneResult> {
    this.#places.delete(lane);
    for (;;) {
      const values = [appId, lane, status, why, this.clock.now(), slice.rows];
      const ended = await this.db.run(END_PENDING, values);
      if (ended.length < slice.rows) return 'idle';
      if (slice.over()) return { at: new Date() };
    }
  }

  #leaseEnd(): Date {
    return new Date(this.clock.now().getTime() + LEASE_MS);
  }

  #at(next: Date | undefined): LaneResult {
    return next ? { at: this.#machineTime(next) } : 'idle';
  }

  /** Timers run by the machine's clock, which a test does not move. */
  #machineTime(at: Date): Date {
    return new Date(Date.now() + at.getTime() - this.clock.now().getTime());
  }
}

const compare = (a: StreamPlace, b: StreamPlace): number => (a < b ? -1 : 1);
