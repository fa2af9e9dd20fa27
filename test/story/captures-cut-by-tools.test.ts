import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { packedAs, shuffled } from '../support/cut-capture.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCapturePaths } from '../support/shared-captures.js';

const sample = join(projectRoot, 'captures', 'sample.pcap');
/** All shared captures, with TRIREME_SWEEP=1: some minutes. */
const sweeping = process.env.TRIREME_SWEEP === '1';
const captures = sweeping ? [sample, ...sharedCapturePaths()] : [sample];
/** Files of one capture at most; of a sweep each packet is one where it has no more. */
const filesMax = sweeping ? 5000 : 15;

const scratch = scratchFolder();
/** A tool that has not ended by then does not read this capture. */
const toolMsMax = 60_000;
const run = (command: string, args: readonly string[], input?: string): boolean =>
  spawnSync(command, args, {
    input: input === undefined ? undefined : readFileSync(input),
    timeout: toolMsMax,
    killSignal: 'SIGKILL',
  }).status === 0;

/** A tool that copies a capture, whole or into files of so many packets. False: it cannot read it. */
interface Cutter {
  readonly name: string;
  readonly command: string;
  readonly cut: (capture: string, to: string, packets: number | null) => boolean;
}

function formatOf(capture: string): string {
  const head = Buffer.alloc(4);
  const fd = openSync(capture, 'r');
  readSync(fd, head, 0, 4, 0);
  closeSync(fd);
  const magic = head.toString('hex');
  return magic === '0a0d0d0a' ? 'pcapng' : ['4d3cb2a1', 'a1b23c4d'].includes(magic) ? 'nsecpcap' : 'pcap';
}

/** Its files are of a million bytes at least. */
const tcpdumpBytes = 3_200_000;

/** A classic little-endian capture over and over, each time behind the last one in time, until it has so many bytes. */
function repeated(capture: Buffer, bytes: number): Buffer {
  const records = capture.subarray(24);
  const starts: number[] = [];
  for (let at = 0; at + 16 <= records.length; at += 16 + records.readUInt32LE(at + 8)) starts.push(at);
  const times = starts.map((at) => records.readUInt32LE(at));
  const span =
    times.reduce((most, time) => Math.max(most, time), 0) -
    times.reduce((least, time) => Math.min(least, time), 2 ** 32) +
    1;
  const pieces = [capture];
  for (let held = capture.length, i = 1; held < bytes && records.length > 0; held += records.length, i++) {
    const later = Buffer.from(records);
    for (const [n, at] of starts.entries()) later.writeUInt32LE(Math.min(times[n] + i * span, 2 ** 32 - 1), at);
    pieces.push(later);
  }
  return Buffer.concat(pieces);
}

const everyCutter: readonly Cutter[] = [
  {
    name: 'editcap -c',
    command: 'editcap',
    cut: (capture, to, packets) =>
      run('editcap', ['-F', formatOf(capture), ...(packets === null ? [] : ['-c', String(packets)]), capture, to]),
  },
  {
    name: 'tcpdump -C 1',
    command: 'tcpdump',
    cut: (capture, to, packets) => {
      const long = scratch.file('long.pcap', '');
      if (!run('tcpdump', ['-r', capture, '-w', long])) return false;
      writeFileSync(long, repeated(readFileSync(long), tcpdumpBytes));
      return run('tcpdump', ['-r', long, ...(packets === null ? [] : ['-C', '1']), '-Z', 'root', '-w', to]);
    },
  },
  {
    name: 'dumpcap -b',
    command: 'dumpcap',
    cut: (capture, to, packets) =>
      run('dumpcap', ['-q', '-i', '-', ...(packets === null ? [] : ['-b', `packets:${packets}`]), '-w', to], capture),
  },
];
const cutters = everyCutter.filter(({ command }) => {
  const there = spawnSync(command, ['--version']).error === undefined;
  if (!there) console.log(`SKIP: ${command} is not installed`);
  return there;
});

let cluster: CaptureCluster;
beforeAll(async () => {
  cluster = await CaptureCluster.start([scratch.path], ['--chunk-bytes', '256KiB']);
  await Promise.all([cluster.addWorker(scratch.path), cluster.addWorker(projectRoot)]);
}, 60_000);
afterAll(() => cluster.stop());

interface Result extends Record<string, unknown> {
  readonly error: string | null;
  readonly packets: number;
  readonly times_in_order?: boolean;
}

/** The result of a capture but for what is told of its files one by one. */
async function resultOf(args: readonly string[]): Promise<Result> {
  const { stdout } = await runTrireme(['analyze', '--json', '-q', '--top', '50', '--interval', '1s', ...args]);
  const [entry] = (JSON.parse(stdout) as { results: Record<string, unknown>[] }).results;
  const { file, files, files_skipped, compression, gzip, error_detail, error_offset, ...rest } = entry;
  expect([file, files, files_skipped, compression, gzip, error_detail, error_offset]).toHaveLength(7);
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('truncated_'))) as Result;
}

/** Packs some of the files of a folder. @returns their paths, in another order */
function packSome(folder: string): string[] {
  const paths = readdirSync(folder)
    .sort()
    .map((name, i) => {
      const path = join(folder, name);
      const [ending, content] = packedAs(i, readFileSync(path));
      if (ending === '') return path;
      writeFileSync(path + ending, content);
      rmSync(path);
      return path + ending;
    });
  return shuffled(paths);
}

const modes: [string, () => string[]][] = [
  ['one core', () => []],
  ['all cores', () => ['--cores', '3', '--thread-bytes', '1']],
  ['the cluster', () => ['--master', cluster.grpc]],
];

const counts = { captures: 0, rings: 0, files: 0, results: 0, timesGoBack: 0, unreadable: 0 };

/**
 * The modes in which a joined ring is not what the whole capture is; null: the tool does not read it, or
 * makes one file.
 */
async function differing(capture: string, { cut }: Cutter, number: number): Promise<string[] | null> {
  const folder = join(scratch.path, `ring-${number}`);
  const whole = join(scratch.path, `whole-${number}`);
  mkdirSync(folder);
  try {
    cut(capture, whole, null);
    const reference = await resultOf([whole]);
    if (reference.error !== null || reference.packets === 0) return null;
    cut(capture, join(folder, 'ring.pcap'), Math.ceil(reference.packets / filesMax));
    const names = packSome(folder);
    if (names.length < 2) return null;
    counts.rings++;
    counts.files += names.length;
    const wrong: string[] = [];
    for (const [mode, args] of modes) {
      const joined = await resultOf(['--join', folder, ...args()]);
      counts.results++;
      // Where times go back the files stand in another order than the packets do: the order, and which header
      // comes first.
      const asWell = joined.times_in_order === reference.times_in_order && reference.times_in_order !== false;
      if (!asWell) counts.timesGoBack++;
      const compared = (result: Result): string =>
        JSON.stringify(asWell ? result : { ...result, times_in_order: 0, sections: 0, interfaces: 0 });
      if (compared(joined) !== compared(reference)) wrong.push(mode);
    }
    return wrong;
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(whole, { force: true });
  }
}

test.each(cutters.map((cutter) => [cutter.name, cutter] as const))(
  'what %s has cut into files is joined to what it is uncut, in every mode',
  async (_name, cutter) => {
    const wrong: string[] = [];
    for (const [i, capture] of captures.entries()) {
      counts.captures++;
      const modesWrong = await differing(capture, cutter, i);
      if (modesWrong === null) counts.unreadable++;
      else if (modesWrong.length > 0) wrong.push(`${basename(capture)}: ${modesWrong.join(', ')}`);
    }
    if (sweeping) console.log(`${cutter.name}: ${JSON.stringify({ ...counts, wrong })}`);
    expect(wrong).toEqual([]);
  },
  sweeping ? 1_800_000 : 60_000,
);
