import { propertySeed } from '../support/property.js';
import { runChaos } from './chaos.js';
import type { FaultName } from './schedule.js';

/** Faults that are over soon; `make chaos` plays them all, for ten minutes. */
const short: readonly FaultName[] = [
  ...(['worker-kill', 'worker-stall', 'worker-reset', 'worker-cut', 'client-reset', 'lb-kill'] as const),
  ...(['lb-stop', 'master-disk', 'worker-files', 'client-kill'] as const),
];

test('14 s of faults by a seeded script: every job is answered once, in order, with the right value; analyses are exact', async () => {
  const seed = propertySeed;
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const report = await runChaos({ seed, seconds: 14, clients: 20, workers: 3, rate: 20, faults: short, say });
  console.log(
    `TRIREME_PROPERTY_SEED=${seed}: ${report.jobs.answers} answers, ${report.analyses.exact} analyses; ${said.join('; ')}`,
  );
  expect([`seed ${seed}`, ...report.violations]).toEqual([`seed ${seed}`]);
  expect(report.jobs.markers).toBeGreaterThan(50);
  expect(report.faults.length).toBeGreaterThan(0);
  // An analysis that a fault ended says why in words of ours.
  for (const words of Object.keys(report.analyses.errors))
    expect(words).toMatch(
      /^trireme: (master \S+ cannot be reached|the disk of the spool|no worker came|.* is shutting down)/,
    );
}, 150_000);
