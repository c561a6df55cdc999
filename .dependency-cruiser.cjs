/**
 * The floors of the house (docs/architecture.md): an import goes down, never up.
 * common, config < database, queues < tenancy, events, platforms < domains < console, cli, main.
 */
const DOMAINS = ['auth', 'catalog', 'callbacks', 'payments', 'notifications', 'subscriptions', 'webhooks'];
const domain = `^src/(${DOMAINS.join('|')})/`;
const top = '^src/(console|cli)/|^src/(main|app\\.module)';

const floor = (name, from, allowed) => ({
  name,
  comment: 'An import goes down, never up.',
  severity: 'error',
  from: { path: from, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: allowed.concat(from) },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: { pathNot: 'node_modules' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    floor('common-is-the-ground', '^src/common/', []),
    floor('config-uses-common', '^src/config/', ['^src/common/']),
    floor('database-floor', '^src/database/', ['^src/(common|config)/']),
    floor('queues-floor', '^src/queues/', ['^src/(common|config|database)/']),
    floor('events-floor', '^src/events/', ['^src/(common|config|database|queues|tenancy)/']),
    floor('tenancy-floor', '^src/tenancy/', ['^src/(common|config|database|queues|events|platforms/[^/]+\\.ts$)/?']),
    floor('platforms-floor', '^src/platforms/', ['^src/(common|config|database|queues|tenancy)/']),
    {
      name: 'a-platform-is-a-leaf',
      comment: 'Only platforms.module.ts names the platform folders; no platform knows another.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platforms/(platforms\\.module\\.ts|[^/]+/)' },
      to: { path: '^src/platforms/[^/]+/' },
    },
    {
      name: 'platforms-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/platforms/([^/]+)/' },
      to: { path: '^src/platforms/[^/]+/', pathNot: '^src/platforms/$1/' },
    },
    floor('domains-do-not-reach-up', domain, [
      '^src/(common|config|database|queues|tenancy|events|platforms)/',
      domain,
    ]),
    {
      name: 'domain-order',
      comment:
        'catalog, callbacks < payments < subscriptions; callbacks < notifications < subscriptions; auth and webhooks beside them.',
      severity: 'error',
      from: { path: '^src/(auth|webhooks|catalog|callbacks)/' },
      to: { path: domain, pathNot: '^src/$1/' },
    },
    {
      name: 'payments-know-only-catalog-and-callbacks',
      severity: 'error',
      from: { path: '^src/payments/' },
      to: { path: domain, pathNot: '^src/(payments|catalog|callbacks)/' },
    },
    {
      name: 'notifications-know-only-callbacks',
      severity: 'error',
      from: { path: '^src/notifications/' },
      to: { path: domain, pathNot: '^src/(notifications|callbacks)/' },
    },
    {
      name: 'no-foreign-entities',
      comment: "No domain touches another's tables.",
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: '^src/database/' },
      to: { path: '^src/[^/]+/.*\\.entity\\.ts$', pathNot: '^src/$1/' },
    },
    {
      name: 'the-sandbox-shares-nothing',
      comment: 'If both sides call one function, a wrong signature agrees with itself and the tests prove nothing.',
      severity: 'error',
      from: { path: '^sandbox/' },
      to: { path: '^(src|test|bench)/' },
    },
    {
      name: 'the-server-does-not-know-the-sandbox',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^sandbox/' },
    },
    {
      name: 'only-queues-know-bullmq',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(queues|console)/' },
      to: { path: 'node_modules/bullmq' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
