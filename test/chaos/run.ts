import { Command, Option } from 'commander';
import { decimal, integer } from '../../src/common/options.js';
import { memoryJudgedSeconds, runChaos, type ChaosReport } from './chaos.js';
import { faultKinds, type FaultName } from './schedule.js';

interface Options {
  readonly seed: number;
  readonly seconds: number;
  readonly clients: number;
  readonly workers: number;
  readonly rate: number;
  readonly fault?: FaultName[];
  readonly json: boolean;
}

async function main(options: Options): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  say(`chaos: seed ${options.seed}, ${options.seconds} s, ${options.clients} clients, ${options.workers} workers`);
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => abort.abort(new Error(`${signal}: cleaning up`)));
  const report = await runChaos({ ...options, faults: options.fault, say, signal: abort.signal });
  process.stdout.write(options.json ? `${JSON.stringify({ schemaVersion: 1, ...report }, null, 2)}\n` : text(report));
  if (report.violations.length === 0) return;
  for (const words of report.violations) say(`chaos: ${words}`);
  const { seed, seconds, clients, workers, rate, fault } = options;
  const args = `--rate ${rate}${fault === undefined ? '' : ` --fault ${fault.join(' ')}`}`;
  say(
    `chaos: FAILED; repeat it with make chaos SEED=${seed} SECONDS=${seconds} CLIENTS=${clients} WORKERS=${workers} ARGS="${args}"`,
  );
  process.exitCode = 1;
}

function text(report: ChaosReport): string {
  const { jobs, analyses, faults, memory, seconds } = report;
  const rows = faults.map(({ atSeconds, name, victim, lastsSeconds, recoverySeconds }) => {
    const { whom, how } = faultKinds[name];
    const victimName = whom === 'worker' || whom === 'client' ? `${whom} ${victim}` : whom;
    return [atSeconds.toFixed(1), name, victimName, lastsSeconds.toFixed(1), recoverySeconds.toFixed(2), how];
  });
  const memoryRows = memory.map(({ role, beforeMiB, afterMiB }) => [
    role,
    beforeMiB.toFixed(0),
    afterMiB.toFixed(0),
    `${(100 * (afterMiB / beforeMiB - 1)).toFixed(1)} %`,
  ]);
  const counts = Object.entries(jobs.counts).map(([sort, count]) => `${count} ${sort}`);
  return [
    table(['at s', 'fault', 'whom', 'lasts s', 'recovery s', 'how'], rows),
    '',
    `recovery is the time from a fault to the last answer that took over ${report.lateMs.toFixed(0)} ms (99 of 100 took up to ${jobs.calmP99Ms.toFixed(0)} ms before)`,
    `jobs: ${jobs.answers} answered (${jobs.markers} of them marks of place) on ${jobs.connections} connections of ${jobs.clients} clients: ${counts.join(', ')}`,
    `analyses: ${analyses.exact} exact, ${analyses.wrong.length} wrong, ${analyses.failed} refused with an error`,
    ...Object.entries(analyses.errors).map(([words, count]) => `  ${count} x ${words}`),
    '',
    table(['memory of', 'MiB before', 'MiB after', 'growth'], memoryRows),
    ...(seconds < memoryJudgedSeconds ? [`memory is judged in runs of ${memoryJudgedSeconds} s and more`] : []),
    ...(report.stillSeconds > 0
      ? [`the run stood still for ${report.stillSeconds.toFixed(0)} s, which are not counted`]
      : []),
    report.violations.length === 0 ? 'chaos: ok' : 'chaos: FAILED',
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((word, i) => Math.max(word.length, ...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((word, i) => word.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

void new Command('make chaos')
  .description('faults by a seeded script while clients ask and captures are analysed; every answer is checked')
  .addOption(
    new Option('--seed <n>', 'repeats the same faults')
      .argParser(integer(0, 0x7fff_ffff))
      .default(Math.floor(Math.random() * 0x7fff_ffff), 'random'),
  )
  .addOption(new Option('--seconds <n>', 'length of the run').argParser(integer(8, 86_400)).default(600))
  .addOption(new Option('--clients <n>', 'TCP clients, ten to a process').argParser(integer(1, 10_000)).default(100))
  .addOption(new Option('--workers <n>', 'workers; the first is never harmed').argParser(integer(2, 100)).default(6))
  .addOption(new Option('--rate <n>', 'jobs a second of each client').argParser(decimal(0.1, 10_000)).default(5))
  .addOption(new Option('--fault <name...>', 'only these').choices(Object.keys(faultKinds)))
  .option('--json', 'print one JSON document', false)
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`chaos: ${error.message}\n`);
    process.exit(1);
  });
