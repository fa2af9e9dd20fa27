import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../src/common/version.js';
import { writeLongCapture } from '../support/capture-cluster.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const five = scratch.file('five.pcap', smallCapture(fivePackets));
const out = (name: string): string => join(scratch.path, name);
const extract = (...args: string[]) => runTrireme(['extract', ...args]);
const packetsOf = async (file: string): Promise<number> => {
  const { stdout } = await runTrireme(['analyze', '--json', '-q', file]);
  return (JSON.parse(stdout) as { total: { packets: number } }).total.packets;
};

test('the packets that match are written, and said how many they are', async () => {
  const { stderr, stdout, code } = await extract(five, '--filter', 'tcp and port 80', '-w', out('tcp.pcap'));
  expect([stderr, stdout, code]).toEqual(['trireme: 4 of 5 packets written\n', '', 0]);
  expect(await packetsOf(out('tcp.pcap'))).toBe(4);
});

test('a packed capture, a span of time and a limit', async () => {
  const packed = scratch.file('five.pcap.gz', gzipSync(readFileSync(five)));
  const inTime = await extract(packed, '--after', '+1s', '--before', '+4s', '-w', out('time.pcap'), '-q');
  expect([inTime.stderr, inTime.code, await packetsOf(out('time.pcap'))]).toEqual(['', 0, 3]);
  await extract(packed, '--filter', 'tcp', '--limit', '2', '-w', out('two.pcap'));
  expect(await packetsOf(out('two.pcap'))).toBe(2);
});

test('- is a pipe on both sides', async () => {
  const child = spawn(process.execPath, [
    join(projectRoot, 'bin', 'trireme'),
    'extract',
    '-',
    '--filter',
    'udp',
    '-w',
    '-',
  ]);
  child.stdin.end(readFileSync(five));
  const pieces: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  const piped = scratch.file('piped.pcap', Buffer.concat(pieces));
  expect(await packetsOf(piped)).toBe(1);
});

test('a reader that has seen enough is no failure', async () => {
  const many = scratch.file('many.pcap', smallCapture(manyPackets(50_000)));
  const child = spawn(process.execPath, [join(projectRoot, 'bin', 'trireme'), 'extract', many, '-w', '-']);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, stderr]).toEqual([0, '']);
});

test('what is no capture, or damaged, leaves no half file', async () => {
  const before = scratch.file('kept.pcap', 'what was there before');
  const foreign = await extract(scratch.file('notes.txt', 'captured on Monday\n'), '-w', before);
  expect(foreign.code).toBe(2);
  expect(readFileSync(before, 'utf8')).toBe('what was there before');
  const cut = scratch.file('cut.pcap', readFileSync(five).subarray(0, -3));
  const { stderr, code } = await extract(cut, '-w', out('rest.pcap'));
  expect(stderr).toContain('cut short in the record at offset');
  expect([code, await packetsOf(out('rest.pcap'))]).toEqual([1, 4]);
  expect(readdirSync(scratch.path).filter((name) => name.endsWith('.part'))).toEqual([]);
});

/** Takes UDP packets out of a pipe that is held open, and does the rest once the output was begun. */
async function extractFromPipe(
  to: string,
  bytes: Uint8Array,
  then: (kill: () => void, said: (words: string) => Promise<void>) => Promise<void>,
): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  const child = spawn(process.execPath, [
    ...[join(projectRoot, 'bin', 'trireme'), 'extract', '-', '--filter', 'udp', '-w', out(to)],
  ]);
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  child.stdin.write(bytes);
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await until(() => readdirSync(scratch.path).some((name) => name.startsWith(`.${to}.`)));
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  await then(
    () => void child.kill('SIGINT'),
    (words) => until(() => stderr.includes(words)),
  );
  const [code, signal] = await ended;
  return { code, signal, stderr };
}

test.each([
  ['at the end of a record', () => readFileSync(five)],
  ['within a record', () => Buffer.concat([readFileSync(five), readFileSync(five).subarray(24, 50)])],
])('the first Ctrl-C is the end of a pipe %s: what matched is written', async (where, bytes) => {
  const ran = await extractFromPipe('interrupted.pcap', bytes(), async (kill) => kill());
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain('SIGINT: what has come of standard input is written');
  expect(ran.stderr).toContain('1 of 5 packets written');
  expect(ran.stderr.includes('was interrupted within a record, which is left out')).toBe(where === 'within a record');
  expect(await packetsOf(out('interrupted.pcap'))).toBe(1);
});

test('the second Ctrl-C leaves neither the file nor a part of it', async () => {
  const ran = await extractFromPipe('never.pcap', readFileSync(five), async (kill, said) => {
    kill();
    await said('SIGINT: what has come');
    kill();
  });
  expect(ran.code).toBe(130);
  expect(readdirSync(scratch.path).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(existsSync(out('never.pcap'))).toBe(false);
});

test('several threads write the very file that one does, to a file and to a pipe', async () => {
  const long = writeLongCapture(out('long.pcap'), 24 * 2 ** 20);
  for (const asked of [
    ['--filter', 'tcp'],
    ['--limit', '40000'],
    ['--after', '+1s'],
  ]) {
    await extract(long, ...asked, '-w', out('one.pcap'));
    const threads = ['--cores', '3', '--thread-bytes', '1000000'];
    const { stderr, code } = await extract(long, ...asked, ...threads, '-w', out('three.pcap'));
    expect([stderr, code]).toEqual([expect.stringMatching(/^trireme: \d+ of \d+ packets written\n$/), 0]);
    expect(readFileSync(out('three.pcap')).equals(readFileSync(out('one.pcap')))).toBe(true);
    const child = spawn(process.execPath, [triremePath, 'extract', long, ...asked, ...threads, '-w', '-', '-q']);
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    await once(child, 'close');
    expect(Buffer.concat(pieces).equals(readFileSync(out('one.pcap')))).toBe(true);
  }
});

test('what several threads cannot read to its end is told as one tells it', async () => {
  const long = readFileSync(writeLongCapture(out('whole.pcap'), 24 * 2 ** 20));
  const cut = scratch.file('long-cut.pcap', long.subarray(0, -3));
  const unfit = scratch.file(
    'unfit.pcap',
    Buffer.concat([long.subarray(0, 20), Buffer.from([101, 0, 0, 0]), long.subarray(24)]),
  );
  for (const [file, filter] of [
    [cut, 'tcp'],
    [unfit, 'ether host 00:11:22:33:44:55'],
  ]) {
    const one = await extract(file, '--filter', filter, '-w', out('a.pcap'));
    const three = await extract(
      file,
      '--filter',
      filter,
      '-w',
      out('b.pcap'),
      '--cores',
      '3',
      '--thread-bytes',
      '1000000',
    );
    expect([three.stderr, three.code]).toEqual([one.stderr, one.code]);
    expect(one.code).not.toBe(0);
  }
  expect(readFileSync(out('a.pcap')).equals(readFileSync(out('b.pcap')))).toBe(true);
});

test.each([
  [[five, '-w', five], 'is the capture that is read'],
  [[five, '--filter', 'tcp port', '-w', 'x.pcap'], 'expected a port number'],
  [[five, '-w', '/nonexistent/x.pcap'], 'cannot be written: ENOENT'],
  [[five, '-w', '/dev/null'], 'is no regular file'],
  [[five], "required option '-w, --write <file>'"],
])('extract %j is refused in words', async (args, words) => {
  const { stderr, code } = await extract(...args);
  expect(stderr).toContain(words);
  expect(code).not.toBe(0);
});

test('the capture is known under another name too', async () => {
  const link = out('link.pcap');
  symlinkSync(five, link);
  expect((await extract(five, '-w', link)).stderr).toContain('is the capture that is read');
});
