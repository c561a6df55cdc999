import { Injectable } from '@nestjs/common';
import { fromCursor, type Page, type PageQuery, toPage } from '../common/pagination.js';
import { Database, statement } from '../database/database.js';
import type { PublicPriceView } from './prices.schemas.js';

const LIST = statement(`
  select p.id, p.product_id as "productId", json_build_object('name', d.name, 'features', d.features) as product,
    p.amount::float8 as amount, p.currency,
    p.recurring || jsonb_build_object('trialDays', p.trial_days, 'introductory', p.introductory) as recurring, p.max_quantity as "maxQuantity"
  from prices p join products d on d.app_id = p.app_id and d.id = p.product_id
  where p.app_id = $1 and p.audience = 'public' and p.active and d.active and ($2::text is null or p.id < $2)
  order by p.id desc
  limit $3`);

/** What a user's front end may offer. */
@Injectable()
export class PublicPrices {
  constructor(private readonly db: Database) {}

  /** Public and active, of active products, newest first. */
  async list(appId: string, { limit, cursor }: PageQuery): Promise<Page<PublicPriceView>> {
    const before = cursor === undefined ? null : fromCursor(cursor, /^prc_[0-9a-f]{32}$/);
    const rows = await this.db.run<PublicPriceView>(LIST, [appId, before, limit + 1]);
    return toPage(
      rows,
      limit,
      ({ id }) => id,
      (row) => row,
    );
  }
}
