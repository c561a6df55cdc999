import type pg from 'pg';
import { OLD } from './renewals-rows.js';
import type { Renewing } from './renewals-stand.js';

const idOf = (prefix: string): string => `'${prefix}_${OLD}' || lpad(to_hex(i), 24, '0')`;
/** 26 of our numbers' characters; compare `million-rows.ts`. */
const NUMBER = `'bb' || lpad(translate(to_hex(i), '0189', 'wxyz'), 24, 'w')`;
/** Far above those that the server gives. */
const INVOICE_NUMBER = '1000000000 + i';

interface Copy {
  readonly table: string;
  /** Which of its rows belong to the subscription `s`. */
  readonly of: string;
  /** What of a copy is not as in the row that is copied. */
  readonly unlike: Readonly<Record<string, string>>;
  /** What begins with a seeded row's id. */
  readonly key: string;
}

const user_id = idOf('usr');
const subscription_id = idOf('sub');
/** A subscription with all that hangs on it. */
const COPIES: readonly Copy[] = [
  { table: 'users', of: 'one.id = s.user_id', unlike: { id: user_id }, key: 'id' },
  {
    table: 'subscriptions',
    of: 'one.id = s.id',
    unlike: {
      ...{ id: subscription_id, user_id, mandate_id: idOf('man'), cancel_at: 'null', cancel_reason: 'null' },
      // Due one after the other, a second apart, from tomorrow on.
      next_at: `now() + interval '1 day' + i * interval '1 second'`,
    },
    key: 'id',
  },
  {
    table: 'mandates',
    of: 'one.id = s.mandate_id',
    unlike: { id: idOf('man'), user_id, subscription_id, number: NUMBER, contract_id: `'seeded-' || i` },
    key: 'id',
  },
  {
    table: 'invoices',
    of: `one.subscription_id = s.id and one.status = 'paid'`,
    unlike: { id: idOf('inv'), user_id, subscription_id, number: INVOICE_NUMBER, payment_id: idOf('pay') },
    key: 'id',
  },
  {
    table: 'entitlements',
    of: 'one.source_id = s.id',
    unlike: { user_id, source_id: subscription_id },
    key: 'source_id',
  },
];

/** Makes them `count` subscriptions in all, each with its user, contract, paid invoice and entitlements. */
export async function fillSubscriptions({ side, alarmId, subscribers }: Renewing, count: number): Promise<void> {
  const client = await side.connect();
  try {
    await trustCopies(client);
    for (const { table, of, unlike } of COPIES) {
      const columns = await columnsOf(client, table);
      const values = columns.map((column) => unlike[column] ?? `one.${column}`);
      await client.query(
        `insert into ${table} (${columns.join(', ')}) select ${values.join(', ')}
         from subscriptions s join ${table} one on one.app_id = s.app_id and ${of}
           cross join generate_series(1, ${count - subscribers}) i
         where s.app_id = '${side.appId}' and s.id = '${alarmId}'`,
      );
    }
    // As autovacuum leaves them: else who reads a row first marks its page, and writes it to the log.
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** Takes the copies away again, and gives back their place. */
export async function emptySubscriptions({ side }: Renewing): Promise<void> {
  const client = await side.connect();
  try {
    await trustCopies(client);
    for (const { table, key } of [...COPIES].reverse()) {
      await client.query(`delete from ${table} where app_id = $1 and ${key} like '%\\_${OLD}%'`, [side.appId]);
      await client.query(`vacuum full analyze ${table}`);
    }
  } finally {
    await client.end();
  }
}

/** Copies point where they should. Only a superuser may leave that unchecked, and saves minutes. */
async function trustCopies(client: pg.Client): Promise<void> {
  await client.query(
    `select set_config('session_replication_role', 'replica', false) from pg_roles where rolname = current_user and rolsuper`,
  );
}

/** Those that can be written. */
async function columnsOf(client: pg.Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select column_name as name from information_schema.columns
     where table_schema = 'public' and table_name = $1 and is_identity = 'NO' and is_generated = 'NEVER'`,
    [table],
  );
  return rows.map(({ name }) => name);
}
