import type { Club } from './club.js';

/** Subscriptions that are read at once. */
const CHUNK = 100;

export interface LineRecord {
  readonly kind: 'period' | 'unused' | 'remaining' | 'credit';
  readonly priceId: string | null;
  readonly quantity: number | null;
  readonly amount: number;
  readonly periodStart: string;
  readonly periodEnd: string;
}

export interface InvoiceRecord {
  readonly id: string;
  readonly kind: 'period' | 'change';
  readonly status: string;
  readonly amount: number;
  readonly credit_used: number;
  readonly lines: readonly LineRecord[];
  readonly period_start: string;
  readonly period_end: string;
  readonly payment_id: string | null;
  readonly paid_at: string | null;
  readonly next_action: string | null;
  readonly next_at: string | null;
}

/** All that our rows say of one subscription, as of one moment. Amounts in fen, times as text. */
export interface SubscriptionRecord {
  readonly id: string;
  readonly user_id: string;
  readonly product_id: string;
  readonly price_id: string;
  readonly quantity: number;
  readonly status: string;
  readonly renewal: string;
  readonly current_period_start: string;
  readonly current_period_end: string;
  readonly trial_end: string | null;
  readonly cancel_at: string | null;
  readonly ended_at: string | null;
  readonly pending_change: { readonly invoiceId: string | null } | null;
  readonly credit: number;
  readonly mandate_id: string | null;
  readonly sequence: number;
  readonly next_at: string | null;
  readonly invoices: readonly InvoiceRecord[];
  readonly payments: readonly { readonly id: string; readonly reference: string; readonly status: string; readonly amount: number; readonly kept: number }[]; // prettier-ignore
  readonly events: readonly { readonly sequence: number; readonly type: string; readonly object_id: string }[];
  readonly entitlements: readonly { readonly feature: string; readonly starts_at: string; readonly expires_at: string | null; readonly grace_until: string | null }[]; // prettier-ignore
}

const WHICH = `select id, sequence, status in ('canceled', 'incomplete_expired') as "isOver" from subscriptions where app_id = $1 order by id`;

/** One statement, so one moment. */
const READ = `
  select row_to_json(x)::text as text from (
    select s.*,
      (select coalesce(json_agg(i order by i.created_at, i.id), '[]') from invoices i
        where i.app_id = s.app_id and i.subscription_id = s.id) as invoices,
      (select coalesce(json_agg(json_build_object('id', p.id, 'reference', p.reference, 'status', p.status, 'amount', p.amount,
          'kept', (select count(*) from payment_attempts a where a.app_id = p.app_id and a.payment_id = p.id and a.status = 'succeeded' and a.kept)) order by p.id), '[]')
        from payments p join invoices i on i.app_id = p.app_id and i.id = p.reference
        where p.app_id = s.app_id and i.subscription_id = s.id) as payments,
      (select coalesce(json_agg(json_build_object('sequence', e.sequence, 'type', e.type, 'object_id', e.object_id) order by e.sequence), '[]')
        from events e where e.app_id = s.app_id and e.stream_type = 'subscription' and e.stream_id = s.id) as events,
      (select coalesce(json_agg(t), '[]') from entitlements t
        where t.app_id = s.app_id and t.source_type = 'subscription' and t.source_id = s.id) as entitlements
    from subscriptions s where s.app_id = $1 and s.id = any($2)) x`;

/** Reads those that live, and those that have changed since the last look. */
export class Records {
  readonly #seen = new Map<string, number>();

  constructor(private readonly club: Club) {}

  async read(all = false): Promise<SubscriptionRecord[]> {
    const rows = await this.club.rows<{ id: string; sequence: number; isOver: boolean }>(WHICH);
    const wanted = rows.filter(({ id, sequence, isOver }) => all || !isOver || this.#seen.get(id) !== sequence);
    const records: SubscriptionRecord[] = [];
    for (let n = 0; n < wanted.length; n += CHUNK) {
      const ids = wanted.slice(n, n + CHUNK).map(({ id }) => id);
      const texts = await this.club.rows<{ text: string }>(READ, ids);
      records.push(...texts.map(({ text }) => JSON.parse(text) as SubscriptionRecord));
    }
    for (const { id, sequence } of records) this.#seen.set(id, sequence);
    return records;
  }
}
