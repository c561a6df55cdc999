import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { redisIsInstalled } from '../test/queues/support/redis-server.js';
import type { PaymentsGame } from './payments.js';
import type { WebhooksGame } from './webhooks.js';

export const USAGE = `usage: npm run torture -- [--minutes <number>] [--seed <integer>] [--calm]
       npm run torture -- webhooks [--events <integer>] [--seed <integer>] [--redis] [--calm]
`;

/** What is played: the model of the payments, or what receivers of webhooks see. */
export type Choice = (({ what: 'payments' } & PaymentsGame) | ({ what: 'webhooks' } & WebhooksGame)) & {
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
  if (what === undefined) {
    const minutes = Number(values.minutes ?? 5);
    if (!(minutes > 0) || values.events !== undefined || values.redis) return undefined;
    return { what: 'payments', seed, calm, minutes, withRedis: redisIsInstalled() };
  }
  const events = Number(values.events ?? 10_000);
  if (what !== 'webhooks' || !Number.isInteger(events) || events < 1 || values.minutes !== undefined) return undefined;
  return { what, seed, calm, events, withRedis: values.redis };
}

/** The command that plays the same again. */
export function commandOf(choice: Choice): string {
  const { seed, calm, withRedis } = choice;
  const game =
    choice.what === 'payments'
      ? `--minutes ${choice.minutes} --seed ${seed}`
      : `webhooks --events ${choice.events} --seed ${seed}${withRedis ? ' --redis' : ''}`;
  return `npm run torture -- ${game}${calm ? ' --calm' : ''}`;
}

function parsedOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        minutes: { type: 'string' },
        events: { type: 'string' },
        seed: { type: 'string' },
        redis: { type: 'boolean', default: false },
        calm: { type: 'boolean', default: false },
      },
    });
  } catch {
    return undefined;
  }
}
