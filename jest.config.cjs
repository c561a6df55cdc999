const { availableParallelism } = require('node:os');

/** ESM under Jest on Node 20 needs `--experimental-vm-modules`; the npm scripts set it. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/sandbox', '<rootDir>/test'],
  testRegex: '\\.spec\\.ts$',
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/sandbox/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/pristine-sockets.mjs'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Suites wait for servers and sweeps more than they compute: two cores keep three of them busy.
  maxWorkers: availableParallelism() + 1,
  // Node 20 never lets go of modules that ran in a context, 30 MB for each file that starts a Minibase: from some size on a
  // worker collects garbage more than it tests, and a new one costs two seconds.
  workerIdleMemoryLimit: '1GB',
  testSequencer: '<rootDir>/test/support/slowest-first.cjs',
  // Only for what never comes: what is expected comes long before, except on a machine that does much else.
  testTimeout: 60_000,
};
