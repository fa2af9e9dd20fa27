'use strict';
// The TypeScript compiler has already written dist/; jest runs that output, so worker threads and child processes
// under test load exactly the files that users run.
module.exports = {
  rootDir: 'dist/test',
  testEnvironment: 'node',
  testMatch: ['**/*.test.js'],
  testTimeout: 60_000,
  // Many tests wait for processes; jest's default leaves one core of two idle.
  maxWorkers: '100%',
  reporters: ['default', '<rootDir>/../../scripts/jest-totals.cjs'],
  setupFiles: ['source-map-support/register'],
  setupFilesAfterEnv: ['<rootDir>/support/retry.js'],
};
