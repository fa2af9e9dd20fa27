import { Command, Option } from 'commander';
import { byteSize, decimal, integer } from '../../../src/common/options.js';
import { CpuQuota } from '../../support/cpu-quota.js';
import { natsIsHere, natsPrograms } from '../../support/nats-server.js';
import { runMastersChaos, type MastersChaosReport } from './masters-chaos.js';
import { runStoresChaos, type StoresChaosReport } from './stores-chaos.js';

interface Options {
  readonly seed: number;
  readonly seconds: number;
  readonly analyses: number;
  readonly bytes: number;
  readonly masters: number;
  readonly workers: number;
  readonly nats: number;
  readonly every: number;
  readonly lasts: number;
  readonly workerCores?: number;
  readonly natsGone?: number;
  readonly stores: boolean;
  readonly json: boolean;
}

/** Of five workers: 4 GB last longer than it takes to see that NATS is away. */
const slowCoresEach = 0.04;

/** Null: there are no quotas here, and workers are as fast as they are. */
const slowCores = (): number | null => (CpuQuota.unavailable() === null ? slowCoresEach : null);

async function main(options: Options): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (!natsIsHere) throw new Error("nats-server is not installed (Debian's nats-server)");
  const { seed, seconds, analyses, bytes, masters, workers, nats, every, lasts } = options;
  const workerCores = options.workerCores ?? (options.natsGone === undefined ? null : slowCores());
  say(
    `chaos: seed ${seed}, ${masters} masters, ${workers} workers, ${nats} nats-servers, ${analyses} analyses of ${bytes} bytes`,
  );
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => abort.abort(new Error(`${signal}: cleaning up`)));
  if (options.stores) {
    const program = natsPrograms[seed % natsPrograms.length];
    const stores = await runStoresChaos({
      ...{ seed, seconds, analyses, bytes, say, program, signal: abort.signal, everySeconds: every },
      ...{ workerCores: options.workerCores ?? null, counts: { nats, master: masters, worker: workers } },
    });
    process.stdout.write(
      options.json ? `${JSON.stringify({ schemaVersion: 1, ...stores }, null, 2)}\n` : storesText(stores),
    );
    for (const words of stores.violations) say(`chaos: ${words}`);
    if (stores.violations.length > 0) process.exitCode = 1;
    return;
  }
  const report = await runMastersChaos({
    ...{ seed, seconds, analyses, bytes, workerCores, say, signal: abort.signal },
    ...{ everySeconds: every, lastsSeconds: lasts, natsGoneSeconds: options.natsGone ?? null },
    counts: { nats, master: masters, worker: workers },
  });
  process.stdout.write(options.json ? `${JSON.stringify({ schemaVersion: 1, ...report }, null, 2)}\n` : text(report));
  if (report.violations.length === 0) return;
  for (const words of report.violations) say(`chaos: ${words}`);
  for (const [id, lines] of Object.entries(report.stories)) say([`analysis ${id}:`, ...lines].join('\n'));
  say(
    `chaos: FAILED; repeat it with make chaos-masters SEED=${seed} SECONDS=${seconds} ANALYSES=${analyses} BYTES=${bytes}`,
  );
  process.exitCode = 1;
}

function listed(title: string, counts: Readonly<Record<string, number>>): string[] {
  const lines = Object.entries(counts).map(([words, count]) => `  ${count} x ${words}`);
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}

function storesText({ faults, told, refusals, mended, ...report }: StoresChaosReport): string {
  return [
    ...listed(`what nats-server ${report.nats} went through in ${report.seconds.toFixed(0)} s`, faults),
    `analyses: ${report.accepted} accepted, ${report.exact} of them exact`,
    ...listed('told to their clients as lost', told),
    ...listed('submissions refused', refusals),
    ...listed('said by masters', mended),
    report.violations.length === 0 ? 'chaos: ok' : 'chaos: FAILED',
    '',
  ].join('\n');
}

function text({ checked, faults, refusals, refusedStarts, errors, natsGone, ...report }: MastersChaosReport): string {
  const { chunks } = checked;
  return [
    ...listed(`faults in ${report.seconds.toFixed(0)} s`, faults),
    `analyses: ${checked.exact} exact; ${checked.recorded} recorded with ${checked.outcomes} outcomes (${checked.outcomeWrites} writes); ${checked.resumed} were taken by more than one master`,
    `chunks: ${chunks.chunks} in all, given to workers ${chunks.given} times, ${chunks.takenOver} taken over finished`,
    `  again: ${chunks.unfinished} that nobody had answered, ${chunks.lostWithMaster} whose result was lost with its master,`,
    `  ${chunks.lostAtNats} whose result NATS had lost, ${chunks.besides} by masters that could not know yet, ${chunks.finishedAgain} that were finished`,
    ...listed('submissions refused', refusals),
    ...listed('starts of a master refused', refusedStarts),
    ...listed('errors of masters', errors),
    ...(natsGone === null
      ? []
      : [
          `while NATS was away: ${natsGone.chunksAnswered} chunks answered, ${natsGone.submissions} submissions tried`,
          ...listed('  answers', natsGone.refusals),
        ]),
    report.violations.length === 0 ? 'chaos: ok' : 'chaos: FAILED',
    '',
  ].join('\n');
}

void new Command('make chaos-masters')
  .description(
    'kills and cuts off masters that share NATS, workers and nats-servers by a seeded script; every result is checked',
  )
  .addOption(
    new Option('--seed <n>', 'repeats the same faults')
      .argParser(integer(0, 0x7fff_ffff))
      .default(Math.floor(Math.random() * 0x7fff_ffff), 'random'),
  )
  .addOption(
    new Option('--seconds <n>', 'analyses are submitted throughout this time')
      .argParser(integer(0, 86_400))
      .default(60),
  )
  .addOption(new Option('--analyses <n>', 'how many').argParser(integer(1, 100_000)).default(20))
  .addOption(
    new Option('--bytes <size>', 'of each capture').argParser(byteSize(100_000, 2 ** 36)).default(200e6, '200M'),
  )
  .addOption(new Option('--masters <n>', 'masters').argParser(integer(1, 20)).default(3))
  .addOption(new Option('--workers <n>', 'workers of one slot').argParser(integer(1, 50)).default(5))
  .addOption(new Option('--nats <n>', 'nats-servers').argParser(integer(1, 5)).default(3))
  .addOption(new Option('--every <s>', 'from one fault to the next').argParser(decimal(0.1, 3_600)).default(3))
  .addOption(new Option('--lasts <s>', 'how long each lasts').argParser(decimal(0.1, 3_600)).default(2))
  .addOption(
    new Option(
      '--worker-cores <n>',
      `share of a core for each worker (cgroups; ${slowCoresEach} with --nats-gone)`,
    ).argParser(decimal(0.02, 64)),
  )
  .addOption(new Option('--nats-gone <s>', 'instead: all nats-servers away for so long').argParser(decimal(8, 3_600)))
  .option('--stores', 'instead: nats-servers lose writes that they had acknowledged, and streams are removed', false)
  .option('--json', 'print one JSON document', false)
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`chaos: ${error.message}\n`);
    process.exit(1);
  });
