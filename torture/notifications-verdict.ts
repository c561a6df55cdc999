import { Broken } from '../test/payments/model/stage.js';
import type { BroadcastSeen, Newsroom } from './newsroom.js';
import type { Letter } from './newsroom-letters.js';
import { consentsOf, type PlatformConsent } from './newsroom-readers.js';

/** Messages that the sandbox shows at once. */
const PAGE = 10_000;

/** What became of one letter. */
export interface Outcome {
  readonly letter: string;
  readonly readers: number;
  readonly sent: number;
  readonly failed: number;
  readonly unknown: number;
  /** Of the unknown ones. */
  readonly arrived: number;
}

interface AccountSeen {
  readonly queued: number;
  readonly pausedUntil: string | null;
}

/** A message with the counts of its consent. */
interface Row {
  readonly id: string;
  readonly userId: string;
  readonly openid: string;
  readonly status: string;
  readonly reason: string | null;
  readonly free: number;
  readonly reserved: number;
  readonly subscribed: boolean;
}

/** One statement, since a push may still change an unknown one. $2 broadcast */
const ROWS = `
  select n.id, n.user_id as "userId", n.openid, n.status, n.reason, c.granted + c.claimed as free, c.reserved, c.subscribed
  from notifications n join message_consents c on c.app_id = n.app_id and c.account_id = n.account_id
    and c.template_id = n.platform_template_id and c.openid = n.openid
  where n.app_id = $1 and n.broadcast_id = $2`;
const STUCK = `select id, status, due_at, leased_until from notifications
  where app_id = $1 and (due_at is not null or leased_until is not null) limit 3`;
/** Each change that was announced has its event, once. */
const UNTOLD = `
  select n.id, n.status, n.sequence, e.types from notifications n
    left join (
      select stream_id, array_agg(type order by sequence) as types from events
      where app_id = $1 and stream_type = 'notification' group by 1) e on e.stream_id = n.id
  where n.app_id = $1 and (n.sequence <> coalesce(cardinality(e.types), 0)
    or e.types[cardinality(e.types)] is distinct from 'notification.' || n.status) limit 3`;
const SETTLED = `select count(*)::int as count from events
  where app_id = $1 and stream_type = 'notification' and sequence > 1`;

/** Every reader has one message, received it as its status says, and has a consent that agrees with the platform's. */
export async function judgeLetter(room: Newsroom, letter: Letter, { id, progress }: BroadcastSeen): Promise<Outcome> {
  const { key, templateId, readers } = letter;
  const rows = await room.rows<Row>(ROWS, id);
  const users = new Set(rows.map(({ userId }) => userId)).size;
  if (rows.length !== readers || users !== readers || progress['created'] !== readers || progress['queued'] !== 0) {
    throw new Broken(`${key}: ${rows.length} messages to ${users} of ${readers} readers, and ${JSON.stringify(progress)}`); // prettier-ignore
  }
  const received = await receivedOf(room, templateId);
  const consents = new Map((await consentsOf(room, templateId)).map((one) => [one.openid, one]));
  for (const row of rows) {
    const faults = faultsOf(letter, row, received.get(row.openid) ?? 0, consents.get(row.openid)!);
    if (faults.length > 0) throw new Broken(`${key}: ${faults.join(', ')}: ${JSON.stringify(row)}`);
  }
  const count = (status: string): number => rows.filter((row) => row.status === status).length;
  const arrived = rows.filter(({ status, openid }) => status === 'unknown' && received.has(openid)).length;
  return { letter: key, readers, sent: count('sent'), failed: count('failed'), unknown: count('unknown'), arrived };
}

/** Nothing waits, everything that happened was told, and all promises of the rows hold. Gives what pushes settled. */
export async function judgeBooks(room: Newsroom): Promise<number> {
  const [stuck] = await room.rows<object>(STUCK);
  if (stuck) throw new Broken(`a message is stuck: ${JSON.stringify(stuck)}`);
  const { data } = await room.ask<{ data: AccountSeen[] }>('GET', '/v1/message-accounts');
  const waits = data.find(({ queued, pausedUntil }) => queued > 0 || pausedUntil !== null);
  if (waits) throw new Broken(`the account waits: ${JSON.stringify(waits)}`);
  const [untold] = await room.rows<object>(UNTOLD);
  if (untold) throw new Broken(`the events are not those of the message: ${JSON.stringify(untold)}`);
  const [violation] = await room.stage.examine();
  if (violation) throw new Broken(`not so in ${violation.appId} for ${violation.id}: ${violation.invariant}`);
  return (await room.rows<{ count: number }>(SETTLED))[0]!.count;
}

/** `highest`: the most sends that arrived within any second. */
export function judgeRates({ limit }: Newsroom, highest: number): void {
  if (highest === 0 || highest > limit) throw new Broken(`${highest} messages arrived within a second, of ${limit} allowed`); // prettier-ignore
}

/** How often each person has it on the phone. */
async function receivedOf(room: Newsroom, templateId: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let before: number | undefined; ;) {
    const page = { templateId, limit: PAGE, ...(before !== undefined && { before }) };
    const { messages } = await room.seen<{ messages: { id: number; openid: string }[] }>('messages', page);
    for (const { openid } of messages) counts.set(openid, (counts.get(openid) ?? 0) + 1);
    if (messages.length < PAGE) return counts;
    before = messages[0]!.id;
  }
}

function faultsOf({ kind }: Letter, row: Row, received: number, { left, subscribed }: PlatformConsent): string[] {
  const { status, reason, free, reserved } = row;
  const isKnown = status !== 'unknown';
  const isRight =
    (status === 'sent' && received === 1) ||
    (status === 'unknown' && received <= 1) ||
    // Busy at each of its five tries.
    (status === 'failed' && reason === 'platform_busy' && received === 0);
  const agrees = kind === 'long_term' ? row.subscribed && subscribed : isKnown ? free === left : free <= left;
  const isReserved = reserved === (kind === 'one_time' && !isKnown ? 1 : 0);
  return [
    ...(isRight ? [] : [`received ${received} times`]),
    ...(agrees ? [] : [`the platform lets ${left} through`]),
    ...(isReserved ? [] : ['another number is reserved']),
  ];
}
