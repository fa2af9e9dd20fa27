'use strict';
// The TypeScript compiler has already written dist/; jest runs that output, so worker threads and child processes
// under test load exactly the files that users run.
const { availableParallelism } = require('node:os');

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
