import { Broken } from '../../payments/model/stage.js';
import type { Club } from './club.js';

/** Days that go by in peace, in steps: a window with all its tries, the grace after it, and what comes of that. */
const DAYS = [1, 1, 5, 30, 1];
const OPEN = `
  select 'payment' as what, p.id, p.status, i.subscription_id as subscription from payments p
      left join invoices i on i.app_id = p.app_id and i.id = p.reference
    where p.app_id = $1 and p.status in ('created', 'pending') and p.created_at < now() - interval '1 minute'
      and p.expires_at < $2
  union all
  select 'refund', id, status, null from refunds where app_id = $1 and status in ('requested', 'pending')
  union all
  select 'mandate', id, status, subscription_id from mandates
    where app_id = $1 and (status = 'pending' and expires_at < $2::timestamptz - interval '1 day' or status = 'active' and termination_reason is not null)
  union all
  select 'subscription', id, status, id from subscriptions where app_id = $1 and next_at < $2
  union all
  select 'invoice', i.id, i.status, i.subscription_id from invoices i where i.app_id = $1 and i.next_at < $2`;
/** What has become due in this very moment. */
const SLACK_MS = 600_000;

interface Open {
  readonly what: string;
  readonly id: string;
  readonly status: string;
  readonly subscription: string | null;
}

/** No more misfortune, and everybody has money: then nothing may stay undecided. */
export async function settleAll(club: Club): Promise<void> {
  for (const { name, platform } of club.members) {
    const { platformAppId } = club.shop.programs[platform]!;
    await club.atPlatform('wallet', { platform, platformAppId, user: name, balance: 'full' });
  }
  for (const days of DAYS) await club.advance(days);
  const [open] = await club.rows<Open>(OPEN, new Date(club.now() - SLACK_MS));
  if (open) {
    throw new Broken(`in the end ${open.what} ${open.id} is still ${open.status}`, open.subscription ?? undefined);
  }
}
