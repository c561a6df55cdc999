import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Database, statement } from '../database/database.js';
import type { SendOutcome } from '../platforms/message-platform.js';
import { BroadcastPauses } from './broadcast-pauses.js';
import type { SendingAccount } from './message-courier.js';
import type { Claimed } from './outcomes.js';

/**
 * A pause is only made longer; who resumes the account ends it. One that begins no later after the last than that one was
 * long, of a trouble that needs a person ($6), is twice as long, up to an hour: nothing has become better. $3 now  $4 until
 * $5 why
 */
const PAUSE = statement(`
  insert into message_accounts as a (app_id, account_id, paused_at, paused_until, pause_reason) values ($1, $2, $3, $4, $5)
  on conflict (app_id, account_id) do update set
    paused_at = case when a.paused_until > excluded.paused_at then a.paused_at else excluded.paused_at end,
    paused_until = case
      when $6 and a.paused_until <= excluded.paused_at and a.paused_until - a.paused_at <= interval '1 hour'
        and excluded.paused_at - a.paused_until <= a.paused_until - a.paused_at
      then greatest(excluded.paused_until, excluded.paused_at + least(2 * (a.paused_until - a.paused_at), interval '1 hour'))
      else excluded.paused_until
    end,
    pause_reason = excluded.pause_reason
  where a.paused_until is null or a.paused_until < excluded.paused_until`);

/** What a platform's answer to one message says about the others. */
@Injectable()
export class SendingTroubles {
  readonly #log = new Logger(SendingTroubles.name);

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly broadcasts: BroadcastPauses,
  ) {}

  /** Nothing goes out of the account before `until` (protocol time), or longer when it was so before. */
  async pause({ app, account }: SendingAccount, until: Date, outcome: SendOutcome): Promise<void> {
    const why = 'detail' in outcome ? outcome.detail.slice(0, 200) : '';
    await this.db.run(PAUSE, [app.id, account.id, this.clock.now(), until, why, isAlarm(outcome)]);
  }

  /** A template or an account that does not work fails every message: a broadcast waits until somebody has looked. */
  async consider(from: SendingAccount, { broadcastId }: Claimed, outcome: SendOutcome): Promise<void> {
    const { app, account } = from;
    const isFault = outcome.kind === 'failed' && (outcome.fault === 'template' || outcome.fault === 'account');
    if (!isAlarm(outcome) && !isFault) return;
    const { platformCode, detail } = outcome;
    this.#log.warn({ app: app.id, account: account.id, platformCode }, `messages cannot be sent: ${detail}`);
    if (broadcastId !== null) await this.broadcasts.pause(app.id, broadcastId, detail);
  }
}

/** Whether it gets no better before somebody has acted. */
const isAlarm = (outcome: SendOutcome): outcome is Extract<SendOutcome, { kind: 'later' }> =>
  outcome.kind === 'later' && outcome.isAlarm === true;
