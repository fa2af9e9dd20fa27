import { spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { classicCapture } from '../support/capture-builder.js';
import { inMembers } from '../support/member-source.js';
import { runTrireme, triremePath, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();

const members = inMembers(smallCapture(manyPackets(8000)), 20_000);
/** One long member, of blocks with codes of their own: it takes longer than threads to start. */
const long = gzipSync(
  classicCapture(
    Array.from({ length: 32_000 }, () => ({
      bytes: Buffer.concat([Buffer.alloc(60, 7), randomFillSync(Buffer.alloc(700)).map((byte) => byte & 63)]),
    })),
  ),
  { level: 1 },
);
const threads = ['--cores', '3', '--thread-bytes', '1000'];

test.each([
  ['many gzip members', members],
  ['one long gzip member', long],
])('a file of %s is told on several cores as on one, whole, cut or damaged', async (_what, packed) => {
  const damaged = Buffer.from(packed);
  damaged[Math.floor(0.7 * packed.length)] ^= 0x55;
  const files = [
    packed,
    packed.subarray(0, 0.8 * packed.length),
    damaged,
    Buffer.concat([packed, Buffer.from('rest')]),
  ];
  const codes = [];
  for (const [i, bytes] of files.entries()) {
    const file = scratch.file(`${i}.pcap.gz`, bytes);
    const [one, several] = await Promise.all(
      [[], threads].map((mode) => runTrireme(['analyze', '--json', file, ...mode])),
    );
    expect(several).toEqual(one);
    codes.push(one.code);
  }
  expect(codes).toEqual([0, 1, 1, 0]);
});

test('where a bound on address space leaves no room for threads, a file is read on one core, with a note', async () => {
  const file = scratch.file('bound.pcap.gz', members);
  const one = await runTrireme(['analyze', '--json', file]);
  // Each memory of WebAssembly takes some 10 GB of it: two fit in, and those of two threads do not.
  const bound = await bounded(30e6, ['analyze', '--json', file, '--cores', '8', '--thread-bytes', '1000']);
  expect(bound).toEqual({
    ...one,
    stderr:
      'trireme: 1 of 8 cores are used: a bound of 30720000000 bytes on address space (ulimit -v) has no room for more threads, ' +
      'which may take 33212254720 each\n',
  });
});

test('the same of files that are not packed, which several cores would share, with one note for all', async () => {
  const file = scratch.file('bound.pcap', smallCapture(manyPackets(8000)));
  const one = await runTrireme(['analyze', '--json', file, file]);
  const asked = ['--json', file, file, '--cores', '2', '--thread-bytes', '1000'];
  const { stderr, ...bound } = await bounded(13e6, ['analyze', ...asked]);
  expect({ ...bound, stderr: '' }).toEqual(one);
  expect(stderr.match(/1 of 2 cores are used/g)).toHaveLength(1);
});

/** Runs trireme with so many KiB of address space. */
function bounded(addressKib: number, args: readonly string[]): Promise<Ran> {
  const child = spawn('sh', [
    '-c',
    `ulimit -v ${addressKib} && exec "$0" "$@"`,
    process.execPath,
    triremePath,
    ...args,
  ]);
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (some: string) => (said.stdout += some));
  child.stderr.setEncoding('utf8').on('data', (some: string) => (said.stderr += some));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
}
