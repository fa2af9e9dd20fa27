import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CaptureCluster, writeLongCapture } from '../support/capture-cluster.js';
import { adversarial } from '../support/capture-builder.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const seen = scratchFolder();
const out = (name: string): string => join(scratch.path, name);
const long = writeLongCapture(join(seen.path, 'long.pcap'), 12 * 2 ** 20);
const chunks = ['--chunk-bytes', '500000'];

let cluster: CaptureCluster;
beforeAll(async () => {
  cluster = await CaptureCluster.start([seen.path], chunks);
  await cluster.addWorker(seen.path);
  // One that sees no file: the master sends it the bytes.
  await cluster.addWorker(scratch.path);
}, 60_000);
afterAll(() => cluster.stop());

const here = (file: string, ...args: string[]) => runTrireme(['extract', file, ...args]);
const there = (file: string, ...args: string[]) => runTrireme(['extract', file, '--master', cluster.grpc, ...args]);
const leftOver = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'));

test.each<[string, string, string[]]>([
  ['a filter', long, ['--filter', 'tcp']],
  ['a limit', long, ['--limit', '30000']],
  ['a time from the first packet on', long, ['--after', '+500ms', '--before', '+1s']],
  ['a pcapng', seen.file('restless.pcapng', adversarial.restlessPcapng(60, 40)), ['--filter', 'len > 90']],
  ['a packed capture', seen.file('plain.pcap.gz', gzipSync(adversarial.plain(3000))), ['--filter', 'len > 90']],
  ['a cut capture', seen.file('cut.pcap', readFileSync(long).subarray(0, -3)), ['--filter', 'udp']],
  ['a cut capture of which nothing matches', join(seen.path, 'cut.pcap'), ['--filter', 'len < 1']],
  ['a capture that is sent', scratch.file('mine.pcap', adversarial.plain(4000)), ['--filter', 'len > 90']],
])('%s: the cluster gives the very file that one core does', async (_, file, asked) => {
  const one = await here(file, ...asked, '-w', out('one.pcap'));
  const cluster = await there(file, ...asked, '-w', out('cluster.pcap'));
  expect([cluster.stderr.replace(/^.*sending it\n/, ''), cluster.code]).toEqual([one.stderr, one.code]);
  expect(readFileSync(out('cluster.pcap')).equals(readFileSync(out('one.pcap')))).toBe(true);
});

test('the master writes the file where it is told, and nothing over a file that is there', async () => {
  await here(long, '--filter', 'udp', '-w', out('udp.pcap'));
  const { stderr, code } = await there(long, '--filter', 'udp', '--to', seen.path, '-w', 'udp.pcap');
  expect([stderr, code]).toEqual([expect.stringMatching(/packets written\n$/), 0]);
  expect(readFileSync(join(seen.path, 'udp.pcap')).equals(readFileSync(out('udp.pcap')))).toBe(true);
  const again = await there(long, '--filter', 'tcp', '--to', seen.path, '-w', 'udp.pcap');
  expect([again.stderr, again.code]).toEqual([expect.stringContaining('is there already: name another file'), 1]);
  expect(readFileSync(join(seen.path, 'udp.pcap')).equals(readFileSync(out('udp.pcap')))).toBe(true);
  const elsewhere = await there(long, '--to', scratch.path, '-w', 'x.pcap');
  expect([elsewhere.stderr, elsewhere.code]).toEqual([expect.stringContaining('not below a --captures folder'), 2]);
  expect([leftOver(seen.path), leftOver(scratch.path)]).toEqual([[], []]);
});

test('a worker that is killed half-way changes no byte', async () => {
  await here(long, '-w', out('all.pcap'), '-q');
  const doomed = await cluster.addWorker(seen.path);
  const args = ['extract', long, '--master', cluster.grpc, '-w', '-', '-q'];
  const child = spawn(process.execPath, [triremePath, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces: Buffer[] = [];
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const closed = once(child, 'close') as Promise<[number]>;
  await once(child.stdout, 'readable');
  // Nobody reads on: chunks are under way and wait.
  doomed.child.kill('SIGKILL');
  await once(doomed.child, 'close');
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  expect([(await closed)[0], said]).toEqual([0, '']);
  expect(Buffer.concat(pieces).equals(readFileSync(out('all.pcap')))).toBe(true);
});

test('what fails leaves no half file', async () => {
  const notes = seen.file('notes.txt', 'captured on Monday\n');
  const foreign = await there(notes, '-w', out('never.pcap'));
  expect([foreign.code, foreign.stderr]).toEqual([2, (await here(notes, '-w', out('never.pcap'))).stderr]);
  const unfit = Buffer.from(readFileSync(long));
  unfit.writeUInt32LE(101, 20);
  const raw = await there(
    seen.file('raw.pcap', unfit),
    '--filter',
    'ether host 00:11:22:33:44:55',
    '-w',
    out('never.pcap'),
  );
  expect([raw.code, raw.stderr]).toEqual([2, expect.stringContaining('ether')]);
  expect(existsSync(out('never.pcap'))).toBe(false);
  expect(leftOver(scratch.path)).toEqual([]);
});

test.each([
  [['--to', 'x', '-w', 'a.pcap'], '--to is a folder of a master: it needs --master'],
  [['--master', '127.0.0.1:1', '--multi', '-w', 'a.pcap'], 'choose one'],
  [['--master', '127.0.0.1:1', '--to', 'x', '-w', 'y/a.pcap'], 'the name of a file in that folder'],
  [['--wait', '1s', '-w', 'a.pcap'], 'it needs --master'],
])('extract %j is wrong usage', async (args, words) => {
  const { stderr, code } = await here(long, ...args);
  expect([stderr, code]).toEqual([expect.stringContaining(words), 2]);
});
