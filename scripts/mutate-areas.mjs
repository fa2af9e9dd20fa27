// The pure modules whose tests are judged by changing them: scripts/stryker.config.mjs and scripts/mutate-bounds.mjs.

/**
 * The modules by area, each with the tests that are about it alone: what only tests of larger parts notice is
 * no fact that a test states, and each mutant would pay for their seconds.
 */
export const areas = {
  picking: { code: ['hub/picking/*.js'], tests: ['hub/picking/*'] },
  jobs: {
    code: ['hub/jobs/{job-table,job-list,wait-lines,deadlines,deadline-wheel,drain-rate}.js'],
    tests: ['hub/jobs/*'],
  },
  hedges: {
    code: ['hub/dispatch/{hedges,hedge-budget,stalls,isolated-runs,places}.js'],
    tests: ['hub/dispatch/{hedges,overdue,copies,hedge-budget,stalls,places}'],
  },
  framing: {
    code: ['lb/{opening,frame-decoder,job-admission,answer-ring}.js'],
    tests: ['lb/{opening,frame-decoder,job-admission,answer-ring}'],
  },
  planner: {
    code: ['pcap/chunk-plans.js', 'captures/threads/thread-plan.js', 'master/chunk-size.js'],
    tests: ['pcap/chunk-plans', 'captures/threads/thread-plan', 'analyze/cores', 'master/chunk-size'],
  },
  merger: {
    code: ['pcap/{merger,merge-driver,chunk-outcome}.js'],
    tests: ['pcap/{merger,merge-driver,chunk-outcome}', 'pcap/tcp'],
  },
  ledger: {
    code: ['ledger/{transitions,retention,patient-clock}.js', 'ledger/nats/remedy.js'],
    tests: ['ledger/{transitions,retention,patient-clock}', 'ledger/nats/remedy'],
  },
};
