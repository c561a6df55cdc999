import { setTimeout as pause } from 'node:timers/promises';
import { PollingReader } from '../test/events/support/writers.js';
import { ModelShop } from '../test/payments/model/shop.js';
import { Broken, insist, type Stage } from '../test/payments/model/stage.js';
import { must } from '../test/support/client.js';
import { eventsOf, type SeenEvent } from '../test/support/events.js';
import { type Misfortune, randomFrom } from './mayhem.js';
import { Happenings } from './webhooks-happenings.js';
import { CHARACTERS, Listener } from './webhooks-listener.js';
import { judgeArrivals, judgeEvents, type Tally } from './webhooks-verdict.js';

const PEOPLE = 24;
const POLL_MS = 200;
/** Endpoints that fail are mended when so much of the game is over. */
const MENDED_AT = 0.6;
/** In the end: leases of the killed run out (30 s), a circuit tries again (60 s), and what waited is sent. */
const PATIENCE_MS = 180_000;

const COUNT = 'select count(*)::int as count from events where app_id = $1 and (position is null or position > $2)';

export interface WebhooksGame {
  readonly seed: number;
  /** How many are to happen, at least. */
  readonly events: number;
}

export interface WebhooksPlayed {
  readonly events: number;
  readonly streams: number;
  readonly types: Readonly<Record<string, number>>;
  /** Seconds in which they happened, and from the last kill until nothing waited. */
  readonly playing: number;
  readonly settling: number;
  readonly endpoints: readonly Tally[];
}

/** Lets events happen while everything is killed, and judges what five endpoints have seen. Throws what was not kept. */
export async function playWebhooks(
  stage: Stage,
  { seed, events }: WebhooksGame,
  misfortune: Misfortune,
): Promise<WebhooksPlayed> {
  const shop = await ModelShop.open(stage, PEOPLE, false);
  const reader = new PollingReader(stage.urls[0]!, shop.secretKey);
  const opening = await untilRead(shop, reader);
  const since = new Date(stage.now()).toISOString();
  const opened = CHARACTERS.map((one, n) => Listener.open(shop, one, randomFrom(seed + 1 + n)));
  const listeners = await Promise.all(opened);
  const happenings = new Happenings(shop, randomFrom(seed));
  const happened = () => reader.seen.length - opening;
  try {
    misfortune.begin();
    const began = performance.now();
    let isOver = false;
    const mend = () => Promise.all(listeners.filter(({ character }) => character.fails).map((one) => one.mend(since)));
    await Promise.all([
      happenings.go(() => happened() < events).finally(() => (isOver = true)),
      follow(reader, () => isOver),
      whenever(() => isOver || happened() >= events * MENDED_AT).then(mend),
    ]);
    const played = performance.now();
    await misfortune.end();
    const ended = performance.now();
    await mend(); // What failed twice would be tried again in minutes or hours.
    await untilRead(shop, reader);
    const told = reader.seen.slice(opening);
    await untilDelivered(shop, listeners, told);
    const settled = performance.now();
    await judgeAll(shop, reader, happenings);
    return {
      ...{ events: told.length, streams: new Set(told.map(({ stream }) => stream.id)).size, types: countTypes(told) },
      ...{ playing: seconds(played - began), settling: seconds(settled - ended) },
      endpoints: listeners.map((one) => judgeArrivals(told, one)),
    };
  } finally {
    await Promise.all(listeners.map((one) => one.close()));
  }
}

/** Polls as a developer's server does, through kills, until it is over. */
async function follow(reader: PollingReader, isOver: () => boolean): Promise<void> {
  for (; !isOver(); await pause(POLL_MS)) await reader.poll().catch(() => undefined);
}

/** Reads on until no event of the shop is left, numbered or not; gives how many there are. */
async function untilRead(shop: ModelShop, reader: PollingReader): Promise<number> {
  const isAll = async (): Promise<boolean> => {
    while ((await insist(shop.stage, () => reader.poll())) > 0);
    const values = [shop.appId, reader.seen.at(-1)?.position ?? 0];
    const [row] = await insist(shop.stage, () => shop.stage.query<{ count: number }>('', COUNT, values));
    return row!.count === 0;
  };
  await whenever(isAll, 'every event is numbered and read');
  return reader.seen.length;
}

/** Waits until every event was accepted everywhere, and no delivery waits. */
async function untilDelivered(shop: ModelShop, listeners: readonly Listener[], told: readonly SeenEvent[]) {
  const waiting = () => listWaiting(shop, 'pending');
  const isDone = async () =>
    listeners.every(({ accepted }) => told.every(({ id }) => accepted.has(id))) && (await waiting()).length === 0;
  try {
    await whenever(isDone, 'everything is delivered');
  } catch (error) {
    const [one] = await waiting();
    const lacks = listeners.map(({ character, accepted }) => `${character.name} ${told.filter(({ id }) => !accepted.has(id)).length}`); // prettier-ignore
    throw new Broken(`${String(error)}; not arrived: ${lacks.join(', ')}; e.g. ${JSON.stringify(one)}`);
  }
  const [dead] = await listWaiting(shop, 'dead');
  if (dead) throw new Broken(`a delivery is dead: ${JSON.stringify(dead)}`);
}

async function listWaiting({ stage, secretKey }: ModelShop, status: string): Promise<unknown[]> {
  const path = `/v1/webhook-deliveries?limit=1&status=${status}`;
  return (await must<{ data: unknown[] }>(stage.urls[0]!, 'GET', path, { token: secretKey })).data;
}

/** What was read bit by bit, through all kills, is what is there. */
async function judgeAll(shop: ModelShop, reader: PollingReader, { acknowledged }: Happenings): Promise<void> {
  judgeEvents(reader.seen, acknowledged);
  const all = await eventsOf({ url: shop.stage.urls[1]! }, shop.secretKey);
  const differs = reader.seen.findIndex(({ id }, n) => id !== all[n]?.id);
  if (differs >= 0) throw new Broken(`event ${differs} of GET /v1/events is not the one that a polling reader saw`);
  const [violation] = await shop.stage.examine();
  if (violation) throw new Broken(`not so in ${violation.appId} for ${violation.id}: ${violation.invariant}`);
}

async function whenever(holds: () => boolean | Promise<boolean>, what?: string): Promise<void> {
  for (const start = performance.now(); !(await holds()); await pause(POLL_MS)) {
    if (what !== undefined && performance.now() - start > PATIENCE_MS) throw new Error(`waited in vain until ${what}`);
  }
}

function countTypes(told: readonly SeenEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of told) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
