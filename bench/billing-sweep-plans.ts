import type pg from 'pg';
import type { Renewing } from './renewals-stand.js';

/** What Postgres has done for one statement. */
export interface Explained {
  readonly name: string;
  readonly rows: number;
  readonly milliseconds: number;
  /** Pages of 8 kB that it looked at, wherever they were. */
  readonly buffers: number;
  /** As text, for whoever wants to know why. */
  readonly plan: readonly string[];
}

interface Statement {
  readonly name: string;
  readonly text: string;
}

/** As many at a time as the lane takes. */
const AT_ONCE = 6;

/** What the server itself asks, from its build. */
async function statements(file: string): Promise<Record<string, Statement>> {
  return (await import(new URL(`../../dist/subscriptions/${file}`, import.meta.url).href)) as Record<string, Statement>;
}

/**
 * What finds out that something is due, and takes it. Runs in the transaction of `client`, which sees what is due before
 * the server does, and leaves nothing behind there.
 */
export async function explainSweep(client: pg.Client, { side: { appId } }: Renewing): Promise<Explained[]> {
  const { BILLING_APPS, CLAIM_SUBSCRIPTIONS, NEXT_BILLING } = await statements('subscriptions.sql.js');
  const { CLAIM_INVOICES } = await statements('invoices.sql.js');
  const { DUE_APPS } = await statements('mandate.sql.js');
  const now = new Date();
  const lease = new Date(now.getTime() + 30_000);
  const found = [
    await explain(client, 'which apps have something due', BILLING_APPS!, [now, 100]),
    await explain(client, 'claim subscriptions', CLAIM_SUBSCRIPTIONS!, [appId, now, lease, AT_ONCE]),
    await explain(client, 'when is the next due', NEXT_BILLING!, [appId]),
    await explain(client, 'which apps have contracts to ask about', DUE_APPS!, [now, 100]),
  ];
  // Invoices are due in the next step only: those that were paid before stand for them.
  await client.query('savepoint due');
  await client.query(
    `update invoices set status = 'open', next_action = 'collect', next_at = now() - interval '1 second'
     where app_id = $1 and id in (select max(i.id) from invoices i join subscriptions s
       on s.app_id = i.app_id and s.id = i.subscription_id
       where i.app_id = $1 and s.next_at <= now() group by i.subscription_id)`,
    [appId],
  );
  found.push(await explain(client, 'claim invoices', CLAIM_INVOICES!, [appId, now, lease, AT_ONCE]));
  await client.query('rollback to savepoint due');
  return found;
}

/** By the plan that serves for any values, as a statement that was asked often has. */
async function explain(client: pg.Client, name: string, { text }: Statement, values: unknown[]): Promise<Explained> {
  await client.query('savepoint explained');
  await client.query('set local plan_cache_mode = force_generic_plan');
  await client.query(`prepare explained as ${text}`);
  const given = values.map((value) => literal(value)).join(', ');
  const shown = await client.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers, timing off) execute explained (${given})`,
  );
  await client.query('rollback to savepoint explained');
  await client.query('deallocate explained');
  const plan = shown.rows.map((line) => line['QUERY PLAN']);
  return { name, ...figuresOf(plan), plan };
}

function figuresOf(plan: readonly string[]): Pick<Explained, 'rows' | 'milliseconds' | 'buffers'> {
  const first = (pattern: RegExp): number => Number(plan.map((line) => pattern.exec(line)?.[1]).find((one) => one !== undefined) ?? 0); // prettier-ignore
  const buffers = plan.find((line) => line.includes('Buffers: shared')) ?? '';
  const pages = (what: string): number => Number(new RegExp(`${what}=(\\d+)`).exec(buffers)?.[1] ?? 0);
  return {
    rows: first(/actual rows=([\d.]+)/),
    milliseconds: first(/^Execution Time: ([\d.]+)/),
    buffers: pages('hit') + pages('read'),
  };
}

const literal = (value: unknown): string =>
  typeof value === 'number' ? String(value) : `'${value instanceof Date ? value.toISOString() : String(value)}'`;
