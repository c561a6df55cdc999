import { Injectable } from '@nestjs/common';
import { Callbacks } from '../callbacks/callbacks.service.js';
import { Database, statement, type Tx } from '../database/database.js';
import { People } from '../tenancy/people.js';
import { type UserListener, UserListeners, type UserRef } from '../tenancy/user-listeners.js';
import { ConsentViews } from './consent-views.js';
import { personOf } from './push-handler.js';

/** Messages before consents: that is the order of everybody. $2 user */
const LOCK_MESSAGES = statement(`
  select from notifications
  where app_id = $1 and user_id = $2 and (due_at is not null or leased_until is not null or settle_at is not null)
  order by id for update`);
/** $2 account  $3 openid */
const LOCK = statement(`
  select from message_consents where app_id = $1 and account_id = $2 and openid = $3
  order by template_id for update`);
const REMOVALS = ['consent_reports', 'consent_pushes', 'consent_entries', 'consents'].map((table) =>
  statement(`delete from message_${table} where app_id = $1 and account_id = $2 and openid = $3`),
);

/** What becomes of consents when a user goes. A merge moves identities, and consents hang on those. */
@Injectable()
export class ConsentUserListener implements UserListener {
  readonly name = 'messageConsents';

  constructor(
    private readonly db: Database,
    private readonly people: People,
    private readonly views: ConsentViews,
    private readonly callbacks: Callbacks,
    listeners: UserListeners,
  ) {
    listeners.register(this);
  }

  async onErased(tx: Tx, { appId, userId }: UserRef): Promise<void> {
    const persons = [...((await this.people.ofUsers(appId, [userId], tx)).get(userId) ?? [])].sort((a, b) =>
      `${a.accountId} ${a.openid}` < `${b.accountId} ${b.openid}` ? -1 : 1,
    );
    // Callbacks first: nothing of ours may be locked before them.
    await this.callbacks.forget(tx, appId, persons.map(({ accountId, openid }) => personOf(accountId, openid))); // prettier-ignore
    await this.db.run(LOCK_MESSAGES, [appId, userId], tx);
    for (const { accountId, openid } of persons) {
      for (const step of [LOCK, ...REMOVALS]) await this.db.run(step, [appId, accountId, openid], tx);
    }
  }

  async export({ appId, userId }: UserRef): Promise<unknown> {
    const persons = (await this.people.ofUsers(appId, [userId])).get(userId) ?? [];
    return this.views.ofPersons(appId, persons);
  }
}
