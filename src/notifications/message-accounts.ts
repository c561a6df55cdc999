import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { notFound } from '../common/problems.js';
import { Database, statement, type Tx } from '../database/database.js';
import type { PlatformAccount, PlatformCode } from '../platforms/platform.js';
import { Platforms } from '../platforms/registry.js';
import { Lanes, type Pace } from '../queues/lane.js';
import { Audit } from '../tenancy/audit.js';
import type { AppRecord, RequestContext, ServerCaller } from '../tenancy/caller.js';
import { Idempotency } from '../tenancy/idempotency.js';
import { PlatformAccounts } from '../tenancy/platform-accounts.service.js';
import { PUSHED_WITHIN_MS } from './consent-moves.js';
import { MESSAGE_LANES } from './lanes.js';
import type { MessageAccountPage, MessageAccountView, UpdateMessageAccount } from './message-accounts.schemas.js';

const FIND = statement(`
  select asked.id, a.rate_limit as "rateLimit", a.last_push_at as "lastPushAt", a.paused_until as "pausedUntil",
    a.pause_reason as "pauseReason", (
      select count(*)::integer from notifications n
      where n.app_id = $1 and n.account_id = asked.id and n.due_at is not null) as queued
  from unnest($2::text[]) asked (id)
    left join message_accounts a on a.app_id = $1 and a.account_id = asked.id`);
const LIMIT = statement(`
  insert into message_accounts (app_id, account_id, rate_limit) values ($1, $2, $3)
  on conflict (app_id, account_id) do update set rate_limit = excluded.rate_limit`);
const RESUME = statement(`
  update message_accounts set paused_at = null, paused_until = null, pause_reason = null where app_id = $1 and account_id = $2`);

interface Row extends Record<string, unknown> {
  id: string;
  rateLimit: number | null;
  lastPushAt: Date | null;
  pausedUntil: Date | null;
  pauseReason: string | null;
  queued: number;
}

/** Of a limit, what may go at once; the rest is spread. Both together never exceed it. */
const BURST = 0.05;

/** What is known of mini-programs as senders of messages: their pace, their pauses, whether pushes arrive. */
@Injectable()
export class MessageAccounts {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly accounts: PlatformAccounts,
    private readonly platforms: Platforms,
    private readonly idempotency: Idempotency,
    private readonly audit: Audit,
    private readonly lanes: Lanes,
  ) {}

  /**
   * How fast messages may leave: within any second no more than `rateLimit` (messages per second), or than the platform
   * allows where that is null.
   */
  paceOf(platform: PlatformCode, rateLimit: number | null): Pace {
    const limit = rateLimit ?? this.platforms.messages(platform).pace.perSecond;
    const burst = Math.max(1, Math.floor(limit * BURST));
    // Twice: what was taken a moment ago may leave together with the next. Of a limit of one or two the burst is all.
    return { burst, perSecond: Math.max(limit - 2 * burst, limit / 2) };
  }

  /** The active mini-programs of the app on platforms that have messages. */
  async list(app: AppRecord): Promise<MessageAccountPage> {
    const active = await Promise.all(this.#platforms().map((platform) => this.accounts.active(app, platform)));
    const programs = active.flat().map(({ account }) => account);
    return { data: await this.#views(app, programs), nextCursor: null };
  }

  /** Throws `platform_account_not_found`, and `platform_capability_missing` where there are no messages. */
  async get(app: AppRecord, id: string): Promise<MessageAccountView> {
    return (await this.#views(app, [await this.#find(app, id)]))[0]!;
  }

  /** Throws like `get`. */
  async update({ app }: ServerCaller, id: string, body: UpdateMessageAccount, context: RequestContext) {
    await this.#write(app, id, 'update', context, Object.keys(body), async (tx) => {
      await this.db.run(LIMIT, [app.id, id, body.rateLimit], tx);
    });
    return this.get(app, id);
  }

  /** Sends again although the platform has asked to wait. Throws like `get`. */
  async resume({ app }: ServerCaller, id: string, context: RequestContext): Promise<MessageAccountView> {
    await this.#write(app, id, 'resume', context, [], async (tx) => {
      await this.db.run(RESUME, [app.id, id], tx);
    });
    await this.lanes.nudge(MESSAGE_LANES, { appId: app.id, lane: id });
    return this.get(app, id);
  }

  async #write(
    app: AppRecord,
    id: string,
    verb: string,
    context: RequestContext,
    fields: string[],
    write: (tx: Tx) => Promise<void>,
  ): Promise<void> {
    await this.#find(app, id);
    await this.idempotency.once(
      context.idempotency,
      async (tx) => {
        await write(tx);
        await this.audit.record(tx, context, { appId: app.id, action: `message_account.${verb}`, target: id, fields });
        return { id, result: undefined };
      },
      async () => undefined,
    );
  }

  async #find(app: AppRecord, id: string): Promise<PlatformAccount> {
    const account = await this.accounts.open(app.id, app.mode, id);
    this.platforms.messages(account.platform);
    return account;
  }

  #platforms(): PlatformCode[] {
    return this.platforms
      .capabilities()
      .filter(({ capabilities }) => capabilities.message)
      .map(({ platform }) => platform);
  }

  async #views(app: AppRecord, programs: readonly PlatformAccount[]): Promise<MessageAccountView[]> {
    const rows = await this.db.run<Row>(FIND, [app.id, programs.map(({ id }) => id)]);
    return programs.map((program) => {
      const row = rows.find(({ id }) => id === program.id);
      if (!row) throw notFound('platform_account', program.id);
      return this.#view(program, row);
    });
  }

  #view({ id, platform, platformAppId }: PlatformAccount, row: Row): MessageAccountView {
    const now = this.clock.now();
    const isPaused = row.pausedUntil !== null && row.pausedUntil > now;
    const isPushed = row.lastPushAt !== null && now.getTime() - row.lastPushAt.getTime() < PUSHED_WITHIN_MS;
    return {
      id,
      platform,
      platformAppId,
      mode: isPushed ? 'push' : 'report',
      lastPushAt: row.lastPushAt?.toISOString() ?? null,
      pausedUntil: isPaused ? row.pausedUntil!.toISOString() : null,
      pauseReason: isPaused ? row.pauseReason : null,
      rateLimit: row.rateLimit,
      platformRateLimit: this.platforms.messages(platform).pace.perSecond,
      queued: row.queued,
    };
  }
}
