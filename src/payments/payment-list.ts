import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, toPage } from '../common/pagination.js';
import { Database, statement } from '../database/database.js';
import { paymentView } from './payment.views.js';
import type { PaymentQuery, PaymentView } from './payments.schemas.js';
import { Payments } from './payments.service.js';
import { paymentColumns, type PaymentRow } from './rows.js';

const LIST = statement(`
  select ${paymentColumns('p')} from payments p
  where p.app_id = $1 and ($2::text is null or p.id < $2) and ($3::text is null or p.status = $3)
    and ($4::text is null or p.user_id = $4) and ($5::text is null or p.reference = $5)
  order by p.id desc limit $6`);
/** Without a planner's guess at "or": a user's own list is read often. */
const LIST_OF_USER = statement(`
  select ${paymentColumns('p')} from payments p
  where p.app_id = $1 and p.user_id = $4 and ($2::text is null or p.id < $2) and ($3::text is null or p.status = $3)
    and ($5::text is null or p.reference = $5)
  order by p.id desc limit $6`);

/** Pages of payments, newest first, without `clientAction`: that is for who reads one. */
@Injectable()
export class PaymentList {
  constructor(
    private readonly db: Database,
    private readonly payments: Payments,
  ) {}

  async list(appId: string, { limit, cursor, status, userId, reference }: PaymentQuery): Promise<Page<PaymentView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^pay_[0-9a-f]{32}$/);
    const values = [appId, before, status ?? null, userId ?? null, reference ?? null, limit + 1];
    const rows = await this.db.run<PaymentRow>(userId === undefined ? LIST : LIST_OF_USER, values);
    const attempts = await this.payments.attemptsOf(
      appId,
      rows.map(({ id }) => id),
    );
    return toPage(rows, limit, ({ id }) => id, (row) => paymentView(row, attempts.filter(({ paymentId }) => paymentId === row.id))); // prettier-ignore
  }
}
