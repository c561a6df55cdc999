/**
 * Plays against the built servers while they, Redis and Postgres are killed again and again:
 * `npm run torture -- --minutes 5 --seed 42` the model of the payments,
 * `npm run torture -- webhooks --events 10000 --seed 42` what receivers of webhooks see,
 * `npm run torture -- notifications --people 20000 --seed 42` what people receive,
 * `npm run torture -- subscriptions --count 1000 --days 730 --seed 42` lives of subscriptions.
 * Exit code 1 when a promise was not kept; then the data is left for who looks.
 */
import 'reflect-metadata';
import { redisIsInstalled } from '../test/queues/support/redis-server.js';
import { type Choice, commandOf, readChoice, USAGE } from './arguments.js';
import { Mayhem, randomFrom, type Rest } from './mayhem.js';
import { playNotifications } from './notifications.js';
import { playPayments } from './payments.js';
import { playSubscriptions } from './subscriptions.js';
import { playWebhooks } from './webhooks.js';
import { World } from './world.js';

/** Messages need some peace: tens of thousands are to be sent, and each start of a process takes its share of the machine. */
const RESTS: Readonly<Record<Choice['what'], Rest>> = {
  payments: { least: 1_000, most: 5_000 },
  webhooks: { least: 1_000, most: 5_000 },
  notifications: { least: 5_000, most: 15_000 },
  subscriptions: { least: 5_000, most: 15_000 },
};

const choice = readChoice(process.argv.slice(2));
if (!choice) {
  process.stderr.write(USAGE);
  process.exit(2);
}
if (choice.withRedis && !redisIsInstalled()) {
  process.stderr.write('No redis-server is installed.\n');
  process.exit(2);
}

process.stderr.write(`Torture: ${commandOf(choice)}\n`);
const world = await World.start(choice.withRedis);
const mayhem = new Mayhem(world, randomFrom(choice.seed), RESTS[choice.what]);
const misfortune = { begin: () => void (choice.calm || mayhem.begin()), end: () => mayhem.end() };
let failed = false;
try {
  const { stage } = world;
  const play = (): Promise<object> => {
    switch (choice.what) {
      case 'payments':
        return playPayments(stage, choice, misfortune);
      case 'webhooks':
        return playWebhooks(stage, choice, misfortune);
      case 'notifications':
        return playNotifications(stage, choice, misfortune);
      case 'subscriptions':
        return playSubscriptions(stage, choice, misfortune);
    }
  };
  const played = await play();
  const { seed } = choice;
  process.stdout.write(`${JSON.stringify({ seed, kills: mayhem.kills, ...played }, null, 2)}\nAll promises hold.\n`);
} catch (error) {
  failed = true;
  await mayhem.end().catch(() => undefined);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.stderr.write(`What the servers said is in ${world.dataDir}/servers.log.\n`);
} finally {
  await world.stop(failed);
}
process.exit(failed ? 1 : 0);
