import { Injectable } from '@nestjs/common';
import { DateTime } from 'luxon';
import { invalid } from '../common/problems.js';
import { Database } from '../database/database.js';
import type { AppRecord } from '../tenancy/caller.js';
import { BusinessTime } from '../tenancy/business-time.js';
import { MessageTemplates } from './template-book.js';
import { COUNTS } from './template.sql.js';
import type { MessageCountQuery, MessageCounts } from './templates.schemas.js';

/** Days are those in China, where the platforms count. */
const ZONE = 'Asia/Shanghai';
const DAYS = 30;
const MOST_DAYS = 366;

type CountRow = MessageCounts['data'][number] & Record<string, unknown>;

/** How many messages of a template ended how, day by day. */
@Injectable()
export class TemplateCounts {
  constructor(
    private readonly db: Database,
    private readonly templates: MessageTemplates,
    private readonly time: BusinessTime,
  ) {}

  /** Throws `message_template_not_found`. */
  async of(app: AppRecord, idOrKey: string, { from, to }: MessageCountQuery): Promise<MessageCounts> {
    const { id } = await this.templates.find(app.id, idOrKey);
    const last = to ?? DateTime.fromJSDate(this.time.now(app), { zone: ZONE }).toISODate()!;
    const first =
      from ??
      DateTime.fromISO(last)
        .minus({ days: DAYS - 1 })
        .toISODate()!;
    const days = DateTime.fromISO(last).diff(DateTime.fromISO(first), 'days').days;
    if (days < 0 || days >= MOST_DAYS) throw invalid('from', `must be up to ${MOST_DAYS - 1} days before ${last}`);
    const data = await this.db.run<CountRow>(COUNTS, [app.id, id, first, last]);
    return { from: first, to: last, data };
  }
}
