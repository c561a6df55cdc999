import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { redisIsInstalled } from '../test/queues/support/redis-server.js';
import type { NotificationsGame } from './notifications.js';
import type { PaymentsGame } from './payments.js';
import type { SubscriptionsGame } from './subscriptions.js';
import type { WebhooksGame } from './webhooks.js';

export const USAGE = `usage: npm run torture -- [--minutes <number>] [--seed <integer>] [--calm]
       npm run torture -- webhooks [--events <integer>] [--seed <integer>] [--redis] [--calm]
       npm run torture -- notifications [--people <integer>] [--seed <integer>] [--redis] [--calm]
       npm run torture -- subscriptions [--count <integer>] [--days <integer>] [--seed <integer>] [--redis] [--calm]
`;

/** What is played: the model of the payments, what receivers of webhooks see, what people receive, or lives of subscriptions. */
export type Choice = (
  | ({ what: 'payments' } & PaymentsGame)
  | ({ what: 'webhooks' } & WebhooksGame)
  | ({ what: 'notifications' } & NotificationsGame)
  | ({ what: 'subscriptions' } & SubscriptionsGame)
) & {
  readonly withRedis: boolean;
  /** Nothing is killed. */
  readonly calm: boolean;
};

/** Reads the command line; undefined when it makes no sense. A seed that is not given is taken from TORTURE_SEED or made up. */
export function readChoice(args: readonly string[]): Choice | undefined {
  const parsed = parsedOf(args);
  if (!parsed) return undefined;
  const { values, positionals } = parsed;
  const { calm } = values;
  const seed = Number(values.seed ?? process.env['TORTURE_SEED'] ?? randomInt(2 ** 31));
  const [what, ...rest] = positionals;
  if (!Number.isInteger(seed) || rest.length > 0) return undefined;
  switch (what) {
    case undefined: {
      const minutes = Number(values.minutes ?? 5);
      if (!(minutes > 0) || values.redis || !hasOnly(values, 'minutes')) return undefined;
      return { what: 'payments', seed, calm, minutes, withRedis: redisIsInstalled() };
    }
    case 'webhooks': {
      const events = Number(values.events ?? 10_000);
      if (!isCount(events) || !hasOnly(values, 'events')) return undefined;
      return { what, seed, calm, events, withRedis: values.redis };
    }
    case 'notifications': {
      const people = Number(values.people ?? 20_000);
      if (!isCount(people) || !hasOnly(values, 'people')) return undefined;
      return { what, seed, calm, people, withRedis: values.redis };
    }
    case 'subscriptions': {
      const count = Number(values.count ?? 1_000);
      const days = Number(values.days ?? 730);
      if (!isCount(count) || !isCount(days) || !hasOnly(values, 'count', 'days')) return undefined;
      return { what, seed, calm, count, days, withRedis: values.redis };
    }
    default:
      return undefined;
  }
}

const SIZES = ['minutes', 'events', 'people', 'count', 'days'] as const;
type Size = (typeof SIZES)[number];

/** Each game has sizes of its own. */
const hasOnly = (values: Readonly<Partial<Record<Size, string>>>, ...sizes: readonly Size[]): boolean =>
  SIZES.every((one) => sizes.includes(one) || values[one] === undefined);

const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;

/** The command that plays the same again. */
export function commandOf(choice: Choice): string {
  const { seed, calm, withRedis } = choice;
  const isGiven = withRedis && choice.what !== 'payments';
  return `npm run torture -- ${gameOf(choice)} --seed ${seed}${isGiven ? ' --redis' : ''}${calm ? ' --calm' : ''}`;
}

function gameOf(choice: Choice): string {
  switch (choice.what) {
    case 'payments':
      return `--minutes ${choice.minutes}`;
    case 'webhooks':
      return `webhooks --events ${choice.events}`;
    case 'notifications':
      return `notifications --people ${choice.people}`;
    case 'subscriptions':
      return `subscriptions --count ${choice.count} --days ${choice.days}`;
  }
}

function parsedOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        minutes: { type: 'string' },
        events: { type: 'string' },
        people: { type: 'string' },
        count: { type: 'string' },
        days: { type: 'string' },
        seed: { type: 'string' },
        redis: { type: 'boolean', default: false },
        calm: { type: 'boolean', default: false },
      },
    });
  } catch {
    return undefined;
  }
}
