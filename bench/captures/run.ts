import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch, cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';

import Table from 'cli-table3';
import { Command, Option } from 'commander';

import { byteSize, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { classicHeader } from '../../test/support/capture-builder.js';
import { startCluster, type Cluster } from './cluster.js';
import { ours, peers, type Contestant } from './contestants.js';
import { addMakeOptions, makeCapture, type MakeOptions } from './make-capture.js';
import { median, runOnce, type Run } from './measure.js';

interface Options extends Omit<MakeOptions, 'out' | 'size'> {
  /** Undefined: one of 1 GB. */
  readonly size?: readonly number[];
  readonly runs: number;
  readonly dir: string;
  readonly tsharkSize: number;
  readonly cluster: boolean;
  readonly tshark: boolean;
  readonly clean: boolean;
  readonly json: boolean;
}

/** What one contestant took: medians, and what every run took. */
interface Row {
  readonly name: string;
  readonly seconds: number;
  readonly peakMib: number;
  readonly all: readonly number[];
  readonly scale: number;
}

const say = (words: string): void => void process.stderr.write(`${words}\n`);

const command = addMakeOptions(
  new Command('bench captures').description('time analyze beside other tools on one large capture'),
)
  .addOption(
    new Option('--size <bytes...>', 'sizes of the captures (default: 1G)').argParser(
      (value: string, before: number[] | undefined) => [...(before ?? []), byteSize(1, 1e12)(value)],
    ),
  )
  .addOption(
    new Option('--runs <count>', 'runs of each, after one that does not count').default(5).argParser(integer(1, 100)),
  )
  .option('--dir <folder>', 'where the captures are made and kept', join(projectRoot, 'bench/data'))
  .addOption(
    new Option('--tshark-size <bytes>', 'tshark reads a capture of this size; its time is multiplied')
      .default(32e6, '32M')
      .argParser(byteSize(1, 1e12)),
  )
  .option('--no-cluster', 'leave the cluster out')
  .option('--no-tshark', 'leave tshark out')
  .option('--clean', 'remove the captures at the end', false)
  .option('--json', 'print JSON', false)
  .action(async (options: Options) => {
    mkdirSync(options.dir, { recursive: true });
    const made: string[] = [];
    const outcomes = [];
    try {
      for (const size of options.size ?? [1e9]) outcomes.push(await measureSize(options, size, made));
    } finally {
      if (options.clean) for (const path of made) rmSync(path, { force: true });
    }
    process.stdout.write(options.json ? `${JSON.stringify(outcomes, null, 2)}\n` : outcomes.map(describe).join('\n'));
  });

function make(options: Options, size: number, made: string[]): string {
  const snapped = options.snap === undefined ? '' : `-snap${options.snap}`;
  const kind = options.cold === undefined ? `x${options.distinct}${snapped}` : `cold${options.cold}`;
  const out = join(resolve(options.dir), `${kind}-${size}.pcap`);
  made.push(out);
  // With sources of one's own the name does not tell the content, so the file is made anew.
  if (existsSync(out) && options.from === undefined) say(`${out}: ${statSync(out).size} bytes, made before`);
  else say(makeCapture({ ...options, out, size }));
  return out;
}

async function measureSize(options: Options, size: number, made: string[]) {
  const file = make(options, size, made);
  const sliceFile = options.tshark ? make(options, Math.min(size, options.tsharkSize), made) : file;
  const empty = join(resolve(options.dir), 'empty.pcap');
  writeFileSync(empty, classicHeader());
  made.push(empty);
  const slice = { file: sliceFile, scale: statSync(file).size / statSync(sliceFile).size, empty };
  const cluster = options.cluster ? await startCluster(resolve(options.dir)) : null;
  try {
    const contestants = [
      ...peers(file, slice, (name) => say(`${name} is not installed and is left out`)),
      ...ours(file, cluster?.masterAt ?? null),
    ].filter(({ command: name }) => options.tshark || name !== 'tshark');
    return {
      file,
      bytes: statSync(file).size,
      machine: machine(),
      ...(await race(contestants, options.runs, cluster)),
    };
  } finally {
    await cluster?.stop();
  }
}

/** Runs go round by round, so that what else the machine does hits all alike. The first round warms the page cache. */
async function race(contestants: readonly Contestant[], runs: number, cluster: Cluster | null) {
  const kept = new Map<Contestant, Run[]>(contestants.map((contestant) => [contestant, []]));
  const answers = new Set<string>();
  for (let round = 0; round <= runs; round++) {
    say(round === 0 ? 'warm-up' : `round ${round} of ${runs}`);
    for (const contestant of contestants) {
      const run = await runOnce(contestant.command, contestant.args, contestant.ours);
      if (contestant.ours) answers.add(run.stdout);
      if (round > 0) kept.get(contestant)?.push(run);
    }
  }
  const idleSeconds = new Map<Contestant, number>();
  for (const contestant of contestants) {
    const idle = contestant.scale > 1 ? contestant.idleArgs : undefined;
    if (idle === undefined) continue;
    const { seconds } = await runOnce(contestant.command, idle, false);
    idleSeconds.set(contestant, seconds);
  }
  const rows: Row[] = contestants.map((contestant) => {
    const idle = idleSeconds.get(contestant) ?? 0;
    const all = (kept.get(contestant) ?? []).map(({ seconds }) => idle + (seconds - idle) * contestant.scale);
    const peaks = (kept.get(contestant) ?? []).map(({ peakMib }) => peakMib);
    const ofCluster = contestant.args.includes('--master') ? (cluster?.peakMib() ?? 0) : 0;
    const { name, scale } = contestant;
    return { name, scale, all, seconds: median(all), peakMib: Math.max(...peaks) + ofCluster };
  });
  return { rows, identical: answers.size <= 1 };
}

function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model.trim() ?? arch()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
}

function describe({ file, bytes, machine: on, rows, identical }: Awaited<ReturnType<typeof measureSize>>): string {
  const reference = rows.find(({ name }) => name.startsWith('tcpdump'));
  const one = rows.find(({ name }) => name === 'trireme, one core');
  const ratio = (row: Row, to: Row | undefined): string =>
    to === undefined ? '' : (row.seconds / to.seconds).toFixed(2);
  const table = new Table({
    head: ['command', 'wall s', 'least to most', 'GB/s', 'x tcpdump', 'x one core', 'peak MiB'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    const name = row.scale === 1 ? row.name : `${row.name} (on 1/${row.scale.toFixed(0)}, scaled)`;
    const range = `${Math.min(...row.all).toFixed(2)} to ${Math.max(...row.all).toFixed(2)}`;
    const speed = (bytes / row.seconds / 1e9).toFixed(2);
    const peak = Number.isFinite(row.peakMib) ? row.peakMib.toFixed(0) : '';
    table.push([name, row.seconds.toFixed(2), range, speed, ratio(row, reference), ratio(row, one), peak]);
  }
  const same = identical ? 'the same bytes' : 'NOT THE SAME: report this';
  return `${file}: ${bytes} bytes, page cache warm, medians of ${rows[0]?.all.length ?? 0} runs\n${on}\n${table.toString()}\nJSON of all modes: ${same}\n`;
}

command.parseAsync().catch((error: unknown) => {
  say(`bench captures: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
