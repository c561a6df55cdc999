const { relative, sep } = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

/** They take longest, however short their files are; begun last, one of them would keep a single core for a minute. */
const SLOWEST = [
  'test/payments/model.spec.ts',
  'test/notifications/model.spec.ts',
  'test/payments/payments.spec.ts',
  'test/start/start.spec.ts',
  'test/webhooks/failing.spec.ts',
  'test/security/fuzz.spec.ts',
  'test/auth/token-storm.spec.ts',
  'test/queues/redis.spec.ts',
  'test/queues/postgres.spec.ts',
  'test/webhooks/disturbed.spec.ts',
  'test/platforms/payment-modes.spec.ts',
  'test/platforms/payment.spec.ts',
  'test/embedded/users.spec.ts',
  'test/auth/kill.spec.ts',
  'sandbox/process.spec.ts',
  'test/webhooks/killed.spec.ts',
];

/** Jest begins with what took longest the last time; where it has not run before, with the largest files, which is no guide. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.some((test) => this.time(test) !== undefined)) return sorted;
    const rank = ({ path, context }) => SLOWEST.indexOf(relative(context.config.rootDir, path).split(sep).join('/'));
    const listed = sorted.filter((test) => rank(test) >= 0).sort((a, b) => rank(a) - rank(b));
    return [...listed, ...sorted.filter((test) => rank(test) < 0)];
  }
};
