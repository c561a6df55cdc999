import { once } from './load.js';
import { AMOUNT, type Created, creating } from './payments.js';
import { codesOf, login, newPeople, type LoggedIn } from './people.js';
import type { Side, Stand } from './stand.js';
import { callbackOf } from './wechat-pay.js';

/**
 * Throws unless both sides answer every measured route in the same shape, and a payment that was created and paid leaves
 * the same rows on both: else they would not do the same work.
 */
export async function checkAlike({ ours, bare, sandboxUrl }: Stand): Promise<void> {
  const [mine, theirs] = [await answersOf(ours, sandboxUrl), await answersOf(bare, sandboxUrl)];
  for (const [route, answer] of Object.entries(mine)) {
    const [a, b] = [shapeOf(answer), shapeOf(theirs[route])];
    if (a !== b) throw new Error(`the sides answer ${route} differently:\n  ours ${a}\n  bare ${b}`);
  }
}

async function answersOf(side: Side, sandboxUrl: string): Promise<Record<string, unknown>> {
  const [person] = newPeople(1);
  const [code] = await codesOf(sandboxUrl, side, [person!]);
  const entered = await once<LoggedIn>(side.url, login(side, person!, code!));
  const authorization = `Bearer ${entered.accessToken}`;
  const body = JSON.stringify({ refreshToken: entered.refreshToken });
  const json = { 'content-type': 'application/json' };
  const { user, identity } = entered;
  const created = await once<Created>(side.url, creating(side, { userId: user.id, openid: identity.openid }));
  const { number } = created.attempts[0]!;
  const paid = { number, amount: AMOUNT, openid: identity.openid };
  return {
    login: entered,
    me: await once(side.url, { method: 'GET', path: '/v1/me', headers: { authorization } }),
    refresh: await once(side.url, { method: 'POST', path: '/v1/auth/refresh', headers: json, body }),
    payment: created,
    'rows of a payment': await rowsOf(side, created.id),
    callback: await once(side.url, callbackOf(side.callbacks, paid)),
    'rows of a paid payment': await rowsOf(side, created.id),
  };
}

/** What a payment has left, statuses as they are. The place in the list of events is our relay's, later. */
async function rowsOf({ rows }: Side, paymentId: string): Promise<object> {
  const found = await rows(
    `select 'payments' as "table", status, to_jsonb(t) as row, 1 as place from payments t where id = $1
     union all select 'payment_attempts', status, to_jsonb(t), 2 from payment_attempts t where payment_id = $1
     union all select 'idempotency_keys', null, to_jsonb(t), 3 from idempotency_keys t where resource_id = $1
     union all select 'events', type, to_jsonb(t) - 'position', 3 + sequence from events t where stream_id = $1
     union all select 'transfers', credit_account, to_jsonb(t), 7 from transfers t where source_id = $1
     union all select 'callbacks', status, to_jsonb(t), 8 from callbacks t where object_id = $1
     order by place`,
    [paymentId],
  );
  if (found.length < 4) throw new Error(`payment ${paymentId} has left only ${found.length} rows`);
  return Object.fromEntries(found.map(({ table, status, row }) => [`${table} ${status}`, row]));
}

/** Names and types, e.g. `{"accessToken":"string","user":{"id":"string"}}`. */
export function shapeOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === null) return 'null';
    if (typeof part !== 'object') return typeof part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a.localeCompare(b)));
  });
}
