// How `make mutate` changes the compiled code and which tests must notice: the pure modules, by the unit tests and the simulation.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const jest = require('../jest.config.js');

/** The modules by area; each with the tests that are about it. */
const areas = {
  picking: { code: ['hub/picking/*.js'], tests: ['unit/hub/picking', 'unit/hub/dispatch', 'unit/hub/hub.test'] },
  jobs: {
    code: ['hub/jobs/{job-table,job-list,wait-lines,deadlines,deadline-wheel,drain-rate}.js'],
    tests: ['unit/hub/(jobs|dispatch)', 'unit/hub/hub.test'],
  },
  hedges: {
    code: ['hub/dispatch/{hedges,hedge-budget,stalls,isolated-runs,places}.js'],
    tests: ['unit/hub/dispatch', 'unit/hub/hub.test'],
  },
  framing: { code: ['lb/{opening,frame-decoder,record-pacer,job-admission,answer-ring}.js'], tests: ['unit/lb'] },
  planner: {
    code: ['pcap/{chunk-plans,chunk-outcome}.js', 'captures/thread-plan.js', 'master/chunk-size.js'],
    tests: ['unit/pcap/(splitting|partial|seam|scan-on)', 'unit/captures/thread-plan', 'unit/master/chunk-size'],
  },
  merger: { code: ['pcap/merger.js'], tests: ['unit/pcap/(splitting|partial|scan-on|join|garbage)'] },
  ledger: {
    code: ['ledger/{transitions,retention,patient-clock}.js', 'ledger/nats/remedy.js'],
    tests: ['unit/ledger/[^/]*$', 'unit/ledger/(local|nats)'],
  },
};

const wanted = (process.env.TRIREME_MUTATE ?? Object.keys(areas).join(',')).split(',');
for (const name of wanted)
  if (!(name in areas)) throw new Error(`no area ${name}: there are ${Object.keys(areas).join(', ')}`);
const chosen = wanted.map((name) => areas[name]);

export default {
  packageManager: 'npm',
  plugins: [require.resolve('../build/mutate/node_modules/@stryker-mutator/jest-runner')],
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
      testMatch: undefined,
      testRegex: chosen.flatMap(({ tests }) => tests.map((pattern) => `dist/test/${pattern}.*\\.test\\.js$`)),
      reporters: [],
    },
  },
  ignorePatterns: ['**', '!dist/**', '!package.json', '!jest.config.js', '!proto/**', '!captures/*', '!bin/**'],
  tempDirName: 'build/mutate/sandbox',
  reporters: ['clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: 'build/mutate/mutation.json' },
  htmlReporter: { fileName: 'build/mutate/mutation.html' },
  concurrency: 2,
  timeoutMS: 10_000,
  allowConsoleColors: false,
};
