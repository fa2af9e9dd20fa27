'use strict';
// The TypeScript compiler has already written dist/; jest runs that output, so worker threads and child processes
// under test load exactly the files that users run.
const { availableParallelism } = require('node:os');

// Node parses these certificates at each start, which takes longer than starting: 1,700 times in a run of all tests. Only npm,
// which test/support/installed-package.ts starts, asks servers outside this machine.
if (process.env.NODE_EXTRA_CA_CERTS !== undefined) {
  process.env.NPM_EXTRA_CA_CERTS = process.env.NODE_EXTRA_CA_CERTS;
  delete process.env.NODE_EXTRA_CA_CERTS;
}

module.exports = {
  rootDir: 'dist/test',
  testEnvironment: 'node',
  testMatch: ['**/*.test.js'],
  // What the compiler wrote needs no Babel, which would read all of it on a new checkout.
  transform: {},
  // The slowest takes 20 s on two idle cores, and a machine of others may be three times as slow.
  testTimeout: 120_000,
  // Many tests wait for processes, so there are more at once than cores: three on two.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  testSequencer: '<rootDir>/../../scripts/jest-order.cjs',
  reporters: ['default', '<rootDir>/../../scripts/jest-totals.cjs'],
  setupFiles: ['source-map-support/register'],
  setupFilesAfterEnv: ['<rootDir>/support/retry.js'],
};
