import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Database } from '../database/database.js';
import { Relay } from '../events/relay.js';
import { Buckets, Lanes, type LaneRef, type LaneResult, type Slice } from '../queues/lane.js';
import { Apps } from '../tenancy/apps.service.js';
import { BusinessTime } from '../tenancy/business-time.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { ACCOUNT, claimOf, DUE, NEXT } from './claiming.sql.js';
import { Allowance } from './allowance.js';
import { MESSAGE_LANES } from './lanes.js';
import { MessageAccounts } from './message-accounts.js';
import { MessageCourier, type SendingAccount } from './message-courier.js';
import type { MessageWindow } from './message-window.js';
import type { Claimed } from './outcomes.js';

/** How late a message may be whose nudge was lost. */
const SWEEP_MS = 5_000;
/** Longer than a call and the writing of its result take: what has no result by then has none. */
export const LEASE_MS = 30_000;
/** A run waits so long for a platform that answers; a slow one goes on without it. */
const PATIENCE_MS = 250;
/** When the pace is what is waited for, some more tokens at once save rounds. */
const PACE_MS = 40;
/** A run that comes so soon anyway need not be asked for. */
const SOON_MS = 500;
/** Most of them only wait, for a platform or for their pace. */
const AT_ONCE = 48;
/** A fast account sends the usual 200 in a tenth of a second (0029). */
const ROWS = 400;

const HANDED_OVER: readonly Claimed['verdict'][] = ['grant', 'claim', 'subscription'];
/** Ended in the claim itself. */
const OVER: readonly Claimed['verdict'][] = ['unknown', 'sent', 'expired', 'refused'];

/** One claim: what is on its way now, how many rows were looked at, and when the pace allows more. */
interface Started {
  readonly sent: number;
  readonly looked: number;
  readonly retryAt?: Date;
}

/** Sends messages at the account's pace; a lane is a platform account. */
@Injectable()
export class MessageLane {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly time: BusinessTime,
    private readonly apps: Apps,
    private readonly accounts: PlatformAccounts,
    private readonly senders: MessageAccounts,
    private readonly courier: MessageCourier,
    private readonly buckets: Buckets,
    private readonly relay: Relay,
    private readonly lanes: Lanes,
  ) {
    lanes.declare({
      name: MESSAGE_LANES,
      concurrency: AT_ONCE,
      rows: ROWS,
      sweepEvery: SWEEP_MS,
      due: (limit) => this.db.run<{ appId: string; lane: string }>(DUE, [this.clock.now(), limit]),
      run: (lane, slice) => this.#run(lane, slice),
    });
  }

  async #run({ appId, lane }: LaneRef, slice: Slice): Promise<LaneResult> {
    const app = await this.apps.record(appId);
    const account = await this.accounts.open(appId, app.mode, lane);
    const [state] = await this.db.run<{ rateLimit: number | null; pausedUntil: Date | null }>(ACCOUNT, [appId, lane]);
    const pausedUntil = state?.pausedUntil ?? null;
    if (pausedUntil !== null && pausedUntil > this.clock.now()) return { at: this.#machineTime(pausedUntil) };
    const pace = this.senders.paceOf(account.platform, state?.rateLimit ?? null);
    const allowance = new Allowance(this.buckets, { appId, lane }, pace);
    const window = this.courier.windows.of(lane);
    window.isWatched = true;
    window.isExpected = false;
    try {
      const result = await this.#work({ app, account }, allowance, window, slice);
      window.isExpected = result !== 'idle' && result.at.getTime() <= Date.now() + SOON_MS;
      return result;
    } finally {
      window.isWatched = false;
      this.courier.windows.tidy(lane);
    }
  }

  /** Sends what is due, as much as fits on the wire. Calls that take their time go on without this run. */
  async #work(from: SendingAccount, allowance: Allowance, window: MessageWindow, slice: Slice): Promise<LaneResult> {
    let rows = 0;
    while (!slice.over() && rows < slice.rows) {
      await window.until(() => window.isLow || slice.over(), PATIENCE_MS);
      if (slice.over()) break;
      const room = Math.min(window.room, slice.rows - rows);
      if (room === 0) return 'idle'; // Whichever ends first nudges the lane.
      const { sent, looked, retryAt } = await this.#start(from, allowance, room);
      rows += looked;
      if (retryAt) {
        const wait = Math.max(retryAt.getTime() - Date.now(), PACE_MS);
        if (wait > PATIENCE_MS) return { at: new Date(Date.now() + wait) };
        await sleep(wait);
        continue;
      }
      if (looked === room || sent < looked) continue;
      const isAlone = window.load === 0;
      // False when the platform takes its time.
      if (!(await window.until(() => window.load === 0, PATIENCE_MS))) break;
      const next = await this.#next(from);
      if (next === undefined || next > this.time.now(from.app)) return this.#at(from, next);
      // Due, and yet nobody could take it: another process looks at it, or the account was paused a moment ago.
      if (looked === 0 && isAlone) return { at: new Date(Date.now() + PACE_MS) };
    }
    return this.#at(from, await this.#next(from));
  }

  /** Takes tokens, claims so many messages and hands them over. */
  async #start(from: SendingAccount, allowance: Allowance, room: number): Promise<Started> {
    const { taken, retryAt } = await allowance.take(room);
    if (taken === 0) return { sent: 0, looked: 0, ...(retryAt ? { retryAt } : {}) };
    const now = this.clock.now();
    const lease = new Date(now.getTime() + LEASE_MS);
    const rows = await this.#claim(from, taken, now, lease);
    allowance.giveBack(taken - rows.length);
    const claimed = rows.filter(({ verdict }) => HANDED_OVER.includes(verdict));
    this.courier.send(from, claimed, lease);
    this.#follow(from, rows);
    // Fewer than there was room for, though more may be due: only the pace says when.
    return { sent: claimed.length, looked: rows.length, ...(retryAt && rows.length === taken ? { retryAt } : {}) };
  }

  #claim({ app, account }: SendingAccount, count: number, now: Date, lease: Date): Promise<Claimed[]> {
    const ids = <K extends 'consentEntry' | 'event'>(kind: K) => Array.from({ length: count }, () => newId(kind));
    const business = new Date(now.getTime() + app.clockOffset);
    const values = [app.id, account.id, business, now, lease, count, ids('consentEntry'), ids('event')];
    return this.db.run<Claimed>(claimOf(count), values);
  }

  /** Those that go another way wake its lane; what has ended without being sent is told. */
  #follow({ app }: SendingAccount, rows: readonly Claimed[]): void {
    const ways = new Set(rows.filter(({ verdict }) => verdict === 'elsewhere').map(({ accountId }) => accountId));
    for (const lane of ways) void this.lanes.nudge(MESSAGE_LANES, { appId: app.id, lane });
    if (rows.some(({ verdict }) => OVER.includes(verdict))) this.relay.nudge();
  }

  /** Business time. */
  async #next({ app, account }: SendingAccount): Promise<Date | undefined> {
    const values = [app.id, account.id, this.time.now(app), this.clock.now()];
    const [next] = await this.db.run<{ at: Date | null }>(NEXT, values);
    return next?.at ?? undefined;
  }

  #at({ app }: SendingAccount, next: Date | undefined): LaneResult {
    return next ? { at: this.#machineTime(new Date(next.getTime() - app.clockOffset)) } : 'idle';
  }

  /** Timers run by the machine's clock, which a test does not move. */
  #machineTime(at: Date): Date {
    return new Date(Date.now() + at.getTime() - this.clock.now().getTime());
  }
}
