import { Injectable } from '@nestjs/common';
import { Callbacks } from '../callbacks/callbacks.service.js';
import { Database, statement, type Tx } from '../database/database.js';
import { type UserListener, UserListeners, type UserRef } from '../tenancy/user-listeners.js';
import { PaymentList } from './payment-list.js';
import { ERASED } from './settlement.js';

const MOVE = statement(`update payments set user_id = $3 where app_id = $1 and user_id = $2`);
/** Ids and amounts stay for the books; what the developer wrote about the person goes. */
const FORGET = statement(`update payments set metadata = '{}' where app_id = $1 and user_id = $2`);
/** Also of open attempts: a platform is asked, and told to close, by number alone. */
const FORGET_PAYERS = statement(`
  update payment_attempts set payer = '${ERASED}', mandate = jsonb_set(mandate, '{terms,payer}', '"${ERASED}"')
  where app_id = $1 and payment_id in (select id from payments where app_id = $1 and user_id = $2)`);
/** What callbacks may be about. */
const OBJECTS = statement(`
  select id from payments where app_id = $1 and user_id = $2
  union all
  select r.id from refunds r join payments p on p.app_id = $1 and p.id = r.payment_id
  where r.app_id = $1 and p.user_id = $2`);
const PAGE = 100;

/** What becomes of payments when a user goes or becomes another. */
@Injectable()
export class PaymentUserListener implements UserListener {
  readonly name = 'payments';

  constructor(
    private readonly db: Database,
    private readonly lists: PaymentList,
    private readonly callbacks: Callbacks,
    listeners: UserListeners,
  ) {
    listeners.register(this);
  }

  async onErased(tx: Tx, { appId, userId }: UserRef): Promise<void> {
    // Callbacks first: nothing of ours may be locked before them.
    const objects = await this.db.run<{ id: string }>(OBJECTS, [appId, userId], tx);
    await this.callbacks.forget(tx, appId, objects.map(({ id }) => id)); // prettier-ignore
    for (const removal of [FORGET, FORGET_PAYERS]) await this.db.run(removal, [appId, userId], tx);
  }

  async onMerged(tx: Tx, from: UserRef, into: UserRef): Promise<void> {
    await this.db.run(MOVE, [from.appId, from.userId, into.userId], tx);
  }

  async export({ appId, userId }: UserRef): Promise<unknown> {
    const all: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await this.lists.list(appId, { limit: PAGE, userId, ...(cursor === undefined ? {} : { cursor }) });
      all.push(...page.data);
      if (page.nextCursor === null) return all;
      cursor = page.nextCursor;
    }
  }
}
