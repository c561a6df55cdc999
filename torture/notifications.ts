import { setTimeout as pause } from 'node:timers/promises';
import { Broken, insist, play, type Stage } from '../test/payments/model/stage.js';
import { ask } from '../test/support/client.js';
import { type Misfortune, randomFrom } from './mayhem.js';
import { type BroadcastSeen, Newsroom } from './newsroom.js';
import { judgeBooks, judgeLetter, judgeRates, type Outcome } from './notifications-verdict.js';

const POLL_MS = 250;
/** From the first message until this share has an outcome everything is killed; the rest is sent in peace. */
const MOST = 0.95;
/** From this share on the platform pushes what became of each message, which also settles what nobody knew. */
const TOLD_FROM = 0.5;
/** Sending takes a third of that when all goes well. */
const SENDING_MS = 480_000;
/** In the end leases of the killed run out (30 s), and what was to be tried later is. */
const SETTLING_MS = 120_000;
/** Seconds between two hiccups of the platform. */
const HICCUP_S = { least: 1, most: 4 };

/** What goes wrong at the platform: it says that it is busy, is slow, or gives no answer that can be believed. */
const HICCUPS = ['busy', 'slow', 'timeout_before', 'timeout_after', 'status_500', 'garbage'] as const;
const SEND = '/cgi-bin/message/subscribe/send';

const THROUGH = `select count(*)::int as count from notifications
  where app_id = $1 and status not in ('scheduled', 'queued')`;

export interface NotificationsGame {
  readonly seed: number;
  readonly people: number;
}

export interface NotificationsPlayed {
  readonly people: number;
  readonly letters: readonly Outcome[];
  /** Messages that the platform's push said had come after all, or not. */
  readonly settledByPush: number;
  /** Per second: what the account may send, and the most that arrived within any second. */
  readonly limit: number;
  readonly highest: number;
  readonly hiccups: number;
  /** Seconds in which most was sent, and from the last kill until everything had an outcome. */
  readonly sending: number;
  readonly settling: number;
}

/** Sends two broadcasts while everything is killed, and compares what people have received. Throws what was not kept. */
export async function playNotifications(
  stage: Stage,
  { seed, people }: NotificationsGame,
  misfortune: Misfortune,
): Promise<NotificationsPlayed> {
  const room = await Newsroom.open(stage, people);
  const all = room.letters.reduce((sum, { readers }) => sum + readers, 0);
  const through = async () => (await room.rows<{ count: number }>(THROUGH))[0]!.count;
  const rates = new Rates(room);
  misfortune.begin();
  const began = performance.now();
  const ids = await Promise.all(room.letters.map((letter) => room.broadcast(letter)));
  let isOver = false;
  const share = (part: number) => until(SENDING_MS, room, async () => isOver || (await through()) >= all * part);
  const [, hiccups] = await Promise.all([
    share(MOST).finally(() => (isOver = true)),
    stumble(room, randomFrom(seed + 1), () => isOver),
    share(TOLD_FROM).then(() => room.tellDeliveries(true)),
    rates.follow(() => isOver),
  ]);
  const sent = performance.now();
  await misfortune.end();
  const ended = performance.now();
  await insist(stage, () => ask(stage.sandboxUrl, 'DELETE', '/_/faults'));
  const seen = () => Promise.all(ids.map((id) => room.ask<BroadcastSeen>('GET', `/v1/broadcasts/${id}`)));
  await until(SETTLING_MS, room, async () => (await seen()).every(({ status }) => status === 'completed'));
  const settled = performance.now();
  await rates.look();
  const letters: Outcome[] = [];
  for (const [n, letter] of room.letters.entries()) letters.push(await judgeLetter(room, letter, (await seen())[n]!));
  const settledByPush = await judgeBooks(room);
  judgeRates(room, rates.highest);
  return {
    ...{ people, letters, settledByPush, limit: room.limit, highest: rates.highest, hiccups },
    ...{ sending: seconds(sent - began), settling: seconds(settled - ended) },
  };
}

/** What the platform measures; a sandbox that is killed forgets it, so it is asked again and again. */
class Rates {
  highest = 0;

  constructor(private readonly room: Newsroom) {}

  async follow(isOver: () => boolean): Promise<void> {
    for (; !isOver(); await pause(POLL_MS)) await this.look();
  }

  async look(): Promise<void> {
    const { highest } = await this.room.seen<{ highest: number }>('rates');
    this.highest = Math.max(this.highest, highest);
  }
}

/** Lets some sends go wrong at the platform now and then; gives how often. */
async function stumble(room: Newsroom, random: () => number, isOver: () => boolean): Promise<number> {
  const { least, most } = HICCUP_S;
  for (let hiccups = 0; ; hiccups += 1) {
    await pause((least + random() * (most - least)) * 1_000);
    if (isOver()) return hiccups;
    const kind = HICCUPS[Math.floor(random() * HICCUPS.length)]!;
    const match = { platform: 'wechat', path: SEND, platformAppId: room.account.platformAppId };
    const times = 1 + Math.floor(random() * 4);
    await play(room.stage, 'faults', { match, kind, times, milliseconds: 1_500 });
  }
}

/** A broadcast that stands by itself would be waited for in vain. */
async function until(patience: number, room: Newsroom, holds: () => Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); await pause(POLL_MS)) {
    const [stands] = await room.rows<object>("select id, status_reason from broadcasts where app_id = $1 and status = 'paused'"); // prettier-ignore
    if (stands) throw new Broken(`a broadcast has paused: ${JSON.stringify(stands)}`);
    if (performance.now() - start < patience) continue;
    const waiting = await room.rows<object>('select id, status, due_at, leased_until, tries from notifications where app_id = $1 and due_at is not null order by due_at limit 3'); // prettier-ignore
    const paused = await room.rows<object>('select paused_until, pause_reason from message_accounts where app_id = $1');
    throw new Broken(`messages are stuck: ${JSON.stringify({ waiting, paused })}`);
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;
