// How `make mutate` changes the compiled code and which tests must notice: the pure modules, by the unit tests and the simulation.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const jest = require('../jest.config.js');

/** The modules by area; each with the tests that are about it. */
const areas = {
  picking: { code: ['hub/picking/*.js'], tests: ['hub/{picking,dispatch}/*', 'hub/hub'] },
  jobs: {
    code: ['hub/jobs/{job-table,job-list,wait-lines,deadlines,deadline-wheel,drain-rate}.js'],
    tests: ['hub/{jobs,dispatch}/*', 'hub/hub'],
  },
  hedges: {
    code: ['hub/dispatch/{hedges,hedge-budget,stalls,isolated-runs,places}.js'],
    tests: ['hub/dispatch/*', 'hub/hub'],
  },
  framing: { code: ['lb/{opening,frame-decoder,record-pacer,job-admission,answer-ring}.js'], tests: ['lb/*'] },
  planner: {
    code: ['pcap/{chunk-plans,chunk-outcome}.js', 'captures/thread-plan.js', 'master/chunk-size.js'],
    tests: ['pcap/{splitting,partial,seam,scan-on}*', 'captures/thread-plan', 'master/chunk-size'],
  },
  merger: { code: ['pcap/merger.js'], tests: ['pcap/{splitting,partial,scan-on,join,garbage}*'] },
  ledger: {
    code: ['ledger/{transitions,retention,patient-clock}.js', 'ledger/nats/remedy.js'],
    tests: ['ledger/*', 'ledger/{local,nats}/*'],
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
      testMatch: chosen.flatMap(({ tests }) => tests.map((pattern) => `**/dist/test/unit/${pattern}.test.js`)),
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
  timeoutMS: 60_000,
  allowConsoleColors: false,
};
