// How `make mutate` changes the compiled code and which tests must notice: the pure modules, by the unit
// tests and the simulation.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { areas } from './mutate-areas.mjs';

const require = createRequire(import.meta.url);
const jest = require('../jest.config.js');

const wanted = (process.env.TRIREME_MUTATE ?? Object.keys(areas).join(',')).split(',');
for (const name of wanted)
  if (!(name in areas)) throw new Error(`no area ${name}: there are ${Object.keys(areas).join(', ')}`);
const chosen = wanted.map((name) => areas[name]);

/** Leaves out what the compiler puts before each module, which no test can be about. */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'compiler',
    value: {
      shouldIgnore({ node }) {
        const [, name] = (node.type === 'ExpressionStatement' && node.expression.arguments) || [];
        return name?.value === '__esModule' ? 'written by the compiler' : undefined;
      },
    },
  },
];

export default {
  packageManager: 'npm',
  plugins: [
    require.resolve('../build/mutate/node_modules/@stryker-mutator/jest-runner'),
    fileURLToPath(import.meta.url),
  ],
  ignorers: ['compiler'],
  mutate: chosen.flatMap(({ code }) => code.map((pattern) => `dist/src/${pattern}`)),
  // Words of errors and logs are no decisions.
  mutator: { excludedMutations: ['StringLiteral'] },
  testRunner: 'jest',
  coverageAnalysis: 'perTest',
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: false,
    config: {
      ...jest,
      rootDir: 'dist/test',
      testMatch: chosen.flatMap(({ tests }) => tests.map((pattern) => `**/dist/test/unit/${pattern}.test.js`)),
      reporters: [],
    },
  },
  ignorePatterns: ['**', '!dist/**', '!package.json', '!jest.config.js', '!proto/**', '!captures/*', '!bin/**'],
  tempDirName: 'build/mutate/sandbox',
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'build/mutate/mutation.json' },
  htmlReporter: { fileName: 'build/mutate/mutation.html' },
  concurrency: 2,
  // A mutant that takes so long counts as noticed: no test here takes a second, but a machine may have other work.
  timeoutMS: 30_000,
  allowConsoleColors: false,
};
