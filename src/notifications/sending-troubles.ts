import { Injectable, Logger } from '@nestjs/common';
import { Database, statement } from '../database/database.js';
import type { SendOutcome } from '../platforms/message-platform.js';
import { BroadcastPauses } from './broadcast-pauses.js';
import type { SendingAccount } from './message-courier.js';
import type { Claimed } from './outcomes.js';

/** A pause is only made longer; who resumes the account ends it. */
const PAUSE = statement(`
  insert into message_accounts as a (app_id, account_id, paused_until, pause_reason) values ($1, $2, $3, $4)
  on conflict (app_id, account_id) do update set paused_until = excluded.paused_until, pause_reason = excluded.pause_reason
    where a.paused_until is null or a.paused_until < excluded.paused_until`);

/** What a platform's answer to one message says about the others. */
@Injectable()
export class SendingTroubles {
  readonly #log = new Logger(SendingTroubles.name);

  constructor(
    private readonly db: Database,
    private readonly broadcasts: BroadcastPauses,
  ) {}

  /** Nothing goes out of the account before `until` (protocol time). */
  async pause({ app, account }: SendingAccount, until: Date, why: string): Promise<void> {
    await this.db.run(PAUSE, [app.id, account.id, until, why.slice(0, 200)]);
  }

  /** A template or an account that does not work fails every message: a broadcast waits until somebody has looked. */
  async consider(from: SendingAccount, { broadcastId }: Claimed, outcome: SendOutcome): Promise<void> {
    const { app, account } = from;
    const isAlarm = outcome.kind === 'later' && outcome.isAlarm === true;
    const isFault = outcome.kind === 'failed' && (outcome.fault === 'template' || outcome.fault === 'account');
    if (!isAlarm && !isFault) return;
    const { platformCode, detail } = outcome;
    this.#log.warn({ app: app.id, account: account.id, platformCode }, `messages cannot be sent: ${detail}`);
    if (broadcastId !== null) await this.broadcasts.pause(app.id, broadcastId, detail);
  }
}
