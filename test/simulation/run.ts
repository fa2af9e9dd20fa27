/** Runs of the whole hub in simulated time: `node dist/test/simulation/run.js --runs 100 --seed 1 --jobs 100000`. */
import { Command, Option } from 'commander';
import { integer } from '../../src/common/options.js';
import { simulate } from './simulate.js';

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly jobs: number;
  readonly verbose: boolean;
}

const command = new Command('simulate')
  .description('the hub with workers that misbehave, in simulated time; each run is made of its seed alone')
  .addOption(new Option('--runs <count>', 'seeds, one after another').default(100).argParser(integer(1, 1e9)))
  .addOption(new Option('--seed <number>', 'the first of them').default(1).argParser(integer(0, 2 ** 32 - 1)))
  .addOption(new Option('--jobs <count>', 'jobs of each run').default(100_000).argParser(integer(1, 1e9)))
  .option('--verbose', 'print a line for every run', false)
  .action(({ runs, seed, jobs, verbose }: Options) => {
    const total = { jobs: 0, answered: 0, failed: 0, seconds: 0, simSeconds: 0, bad: 0 };
    for (let at = 0; at < runs; at++) {
      const outcome = simulate(seed + at, jobs);
      total.jobs += outcome.jobs;
      total.answered += outcome.answered;
      total.failed += outcome.failed;
      total.seconds += outcome.seconds;
      total.simSeconds += outcome.simSeconds;
      const { violations, seconds, ...facts } = outcome;
      if (verbose || violations.length > 0) console.log(JSON.stringify({ ...facts, seconds: +seconds.toFixed(2) }));
      if (violations.length === 0) continue;
      total.bad++;
      for (const violation of violations) console.log(`seed ${outcome.seed}: ${violation}`);
    }
    const rate = Math.round(total.jobs / total.seconds).toLocaleString('en');
    console.log(
      `${runs} runs from seed ${seed}: ${total.jobs} jobs, ${total.answered} answered, ${total.failed} failed, ` +
        `${Math.round(total.simSeconds)} simulated seconds, ${rate} jobs/s; ${total.bad} runs with violations`,
    );
    if (total.bad > 0) process.exitCode = 1;
  });

command.parse();
