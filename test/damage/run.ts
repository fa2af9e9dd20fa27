import { Command, Option } from 'commander';
import { integer } from '../../src/common/options.js';
import { damagedRuns } from './damages.js';

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly verbose: boolean;
}

async function main({ runs, seed, verbose }: Options): Promise<void> {
  process.stderr.write(`damage: ${runs} damages of state folders; --seed ${seed} repeats them\n`);
  const counts = { refused: 0, reported: 0, silent: 0 };
  let wrong = 0;
  for await (const { run, damage, first, violations } of damagedRuns(runs, seed)) {
    counts[first.how]++;
    if (verbose)
      process.stdout.write(`${run}: ${damage}: ${first.how}\n${first.said.map((w) => `    ${w}\n`).join('')}`);
    if (violations.length === 0) continue;
    wrong++;
    process.stdout.write(`${run}: ${damage}: WRONG\n`);
    for (const words of [...violations, ...first.said]) process.stdout.write(`    ${words}\n`);
  }
  const { refused, reported, silent } = counts;
  process.stdout.write(
    `${runs} damages: ${refused} refused, ${reported} repaired or reported, ${silent} of no consequence; ${wrong} wrong\n`,
  );
  if (wrong > 0) process.exitCode = 1;
}

const program = new Command()
  .name('damage')
  .description(
    'damages state folders at random, starts a ledger on each, and judges what it says and what it still has',
  )
  .addOption(new Option('--runs <number>', 'damages').argParser(integer(1, 1e9)).default(1_000))
  .addOption(
    new Option('--seed <number>', 'repeats a run')
      .argParser(integer(0, 2 ** 31))
      .default(Date.now() % 2 ** 31, 'the time'),
  )
  .option('--verbose', 'print what each start said', false)
  .action(main);
void program.parseAsync();
