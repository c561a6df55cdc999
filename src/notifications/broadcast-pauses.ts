import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../database/database.js';
import { Announcer } from '../events/announce.js';
import { Relay } from '../events/relay.js';
import type { BroadcastRow } from './broadcast-rows.js';
import type { BroadcastStatus } from './broadcasts.schemas.js';
import { HOLD_MESSAGES, MOVE_BROADCAST } from './broadcasts.sql.js';

type Told = 'paused' | 'completed' | 'canceled';

/** A move of a broadcast; times in business time. */
export interface BroadcastMove {
  readonly from: readonly BroadcastStatus[];
  readonly to: BroadcastStatus;
  readonly reason?: string;
  readonly checkAt?: Date;
  readonly endedAt?: Date;
}

/** Moves broadcasts and tells of it; pauses those that cannot go on. */
@Injectable()
export class BroadcastPauses {
  constructor(
    private readonly db: Database,
    private readonly announcer: Announcer,
    private readonly relay: Relay,
  ) {}

  /** Sends no more of it until somebody resumes it. Does nothing unless it runs. */
  async pause(appId: string, id: string, reason: string): Promise<void> {
    await this.db.transaction((tx) => this.pauseIn(tx, appId, id, reason));
    this.relay.nudge();
  }

  /** Undefined: it did not run. */
  async pauseIn(tx: Tx, appId: string, id: string, reason?: string): Promise<BroadcastRow | undefined> {
    const paused = await this.move(tx, appId, id, {
      from: ['scheduled', 'running'],
      to: 'paused',
      ...(reason === undefined ? {} : { reason: reason.slice(0, 200) }),
    });
    if (paused) await this.db.run(HOLD_MESSAGES, [appId, id, 'paused'], tx);
    return paused;
  }

  /** Undefined: it was in another status. Announces what is of interest. */
  async move(tx: Tx, appId: string, id: string, move: BroadcastMove): Promise<BroadcastRow | undefined> {
    const { from, to, reason = null, checkAt = null, endedAt = null } = move;
    const [row] = await this.db.run<BroadcastRow>(MOVE_BROADCAST, [appId, id, from, to, reason, checkAt, endedAt], tx);
    if (row && isTold(to)) await this.#announce(tx, appId, row, to);
    return row;
  }

  async #announce(
    tx: Tx,
    appId: string,
    { id, template, sequence, statusReason }: BroadcastRow,
    status: Told,
  ): Promise<void> {
    await this.announcer.announce(tx, {
      appId,
      type: `broadcast.${status}`,
      stream: { type: 'broadcast', id },
      sequence,
      data: { broadcastId: id, template, status, reason: statusReason },
    });
  }
}

const isTold = (status: BroadcastStatus): status is Told => status !== 'scheduled' && status !== 'running';
