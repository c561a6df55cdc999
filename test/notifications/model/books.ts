import { must } from '../../support/client.js';
import type { Minibase } from '../../support/minibase.js';

/** What the ledger and the platform say of one person and one template, and what was sent. */
export interface Account {
  readonly openid: string;
  readonly templateId: string;
  readonly granted: number;
  readonly claimed: number;
  readonly reserved: number;
  /** What the platform would still let through. */
  readonly left: number;
  /** Messages on the phone. */
  readonly received: number;
  readonly sent: number;
  readonly unknown: number;
  /** By the platform, which knew of no consent. */
  readonly refused: number;
  /** Handed to the platform without an entry that reserved a consent. */
  readonly unreserved: number;
  readonly waiting: number;
}

const READ = `
  select c.openid, c.template_id as "templateId", c.granted, c.claimed, c.reserved,
    count(n.id) filter (where n.status = 'sent')::integer as sent,
    count(n.id) filter (where n.status = 'unknown')::integer as unknown,
    count(n.id) filter (where n.reason = 'user_refused')::integer as refused,
    count(n.id) filter (where n.status in ('scheduled', 'queued'))::integer as waiting,
    count(n.id) filter (where (n.status in ('sent', 'unknown') or n.reason = 'user_refused') and not exists (
      select from message_consent_entries e
      where e.app_id = n.app_id and e.notification_id = n.id and e.kind = 'reserved'))::integer as unreserved
  from message_consents c left join notifications n
    on n.app_id = c.app_id and n.account_id = c.account_id and n.openid = c.openid and n.platform_template_id = c.template_id
  where c.app_id = $1
  group by c.app_id, c.account_id, c.template_id, c.openid`;

type Ledger = Omit<Account, 'left' | 'received'>;
type AtSandbox = Pick<Account, 'openid' | 'templateId' | 'left'>;

/** Both books side by side, of everybody who has answered. */
export async function books(minibase: Minibase, appId: string, platformAppId: string): Promise<Account[]> {
  const ledger = await minibase.database.dataSource.query<Ledger[]>(READ, [appId]);
  const query = `platform=wechat&platformAppId=${platformAppId}&limit=10000`;
  const ask = <T>(what: string) => must<T>(minibase.sandboxUrl, 'GET', `/_/${what}?${query}`);
  const { consents } = await ask<{ consents: AtSandbox[] }>('consents');
  const inbox = await ask<{ messages: Pick<Account, 'openid' | 'templateId'>[] }>('messages');
  const isSame = (row: Ledger) => (other: Pick<Account, 'openid' | 'templateId'>) =>
    other.openid === row.openid && other.templateId === row.templateId;
  return ledger.map((row) => ({
    ...row,
    left: consents.find(isSame(row))?.left ?? 0,
    received: inbox.messages.filter(isSame(row)).length,
  }));
}
