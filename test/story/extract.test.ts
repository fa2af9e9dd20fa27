import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
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
const scratchFolderIn = (name: string): string => {
  mkdirSync(out(name));
  return out(name);
};
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

test('a capture is written in another form, cut, on one core and on several', async () => {
  const long = writeLongCapture(out('form.pcap'), 12 * 2 ** 20);
  for (const form of [['--slice', '60'], ['--pcapng'], ['--pcap', '--nano', '--slice', '60']]) {
    const one = await extract(long, ...form, '--filter', 'tcp', '-w', out('formed-1'), '-q');
    await extract(long, ...form, '--filter', 'tcp', '-w', out('formed-3'), '--cores', '3', '--thread-bytes', '1000000');
    expect([one.stderr, one.code]).toEqual(['', 0]);
    expect(readFileSync(out('formed-3')).equals(readFileSync(out('formed-1')))).toBe(true);
    await extract(long, '--filter', 'tcp', '-w', out('plain'), '-q');
    expect(await packetsOf(out('formed-1'))).toBe(await packetsOf(out('plain')));
  }
});

test('a connection and a conversation of the report, in both directions', async () => {
  const ends = ['--client', '10.0.0.1:1024', '--server', '10.0.0.2:80'];
  await extract(five, ...ends, '-w', out('connection.pcap'), '-q');
  const { stderr, code } = await extract(five, '--conversation', '1', '-w', out('conversation.pcap'));
  expect([stderr, code]).toEqual(['trireme: 3 of 5 packets written\n', 0]);
  expect(readFileSync(out('conversation.pcap')).equals(readFileSync(out('connection.pcap')))).toBe(true);
  const tooFar = await extract(five, '--conversation', '4', '-w', out('none.pcap'));
  expect([tooFar.stderr, tooFar.code]).toEqual([expect.stringContaining('is over 3, the conversations'), 2]);
});

test('many files: each packet is in its own, and together they are all', async () => {
  const folder = scratchFolderIn('split');
  const { stderr, code } = await extract(five, '--split-by', 'conversation', '-w', join(folder, 'out.pcap'));
  expect([stderr, code]).toEqual(['trireme: 5 of 5 packets written\n', 0]);
  const names = readdirSync(folder).sort();
  expect(names).toEqual([
    'out-tcp-10.0.0.1.1024-10.0.0.2.80.pcap',
    'out-tcp-10.0.0.2.80-10.0.0.3.1025.pcap',
    'out-udp-10.0.0.3.53-10.0.0.4.53.pcap',
  ]);
  expect(await Promise.all(names.map((name) => packetsOf(join(folder, name))))).toEqual([3, 1, 1]);
  const sized = scratchFolderIn('sized');
  const long = writeLongCapture(out('sized.pcap'), 3 * 2 ** 20);
  await extract(long, '--split-by', '1MB', '-w', join(sized, 'part.pcap'), '-q');
  const parts = readdirSync(sized).sort();
  expect(parts).toEqual(['part-00001.pcap', 'part-00002.pcap', 'part-00003.pcap', 'part-00004.pcap']);
  const bodies = parts.map((name) => readFileSync(join(sized, name)));
  expect(bodies.every((body) => body.length <= 1_000_000)).toBe(true);
  const all = Buffer.concat([bodies[0].subarray(0, 24), ...bodies.map((body) => body.subarray(24))]);
  expect(all.equals(readFileSync(long))).toBe(true);
});

test.each([
  [[five, '--split-by', 'host', '-w', '-'], 'name them with -w'],
  [[five, '--split-by', 'colour', '-w', 'x.pcap'], 'none of conversation, host'],
  [[five, '--client', '10.0.0.1:1', '-w', 'x.pcap'], 'needs the other end'],
  [[five, '--pcap', '--pcapng', '-w', 'x.pcap'], 'are two formats: choose one'],
  [[five, '--filter-tags', 'transparent', '-w', 'x.pcap'], 'it needs --filter'],
  [[five, '--filter', 'vlan 5', '--filter-tags', 'transparent', '-w', 'x.pcap'], 'leave out one of them'],
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

test('a symbolic link stays, and what it leads to is replaced; one to standard output, as /dev/stdout, is refused', async () => {
  symlinkSync(out('behind.pcap'), out('leading.pcap'));
  for (let run = 0; run < 2; run++) {
    scratch.file('behind.pcap', Buffer.from('before'));
    expect((await extract(five, '-w', out('leading.pcap'))).code).toBe(0);
    expect(readlinkSync(out('leading.pcap'))).toBe(out('behind.pcap'));
    expect(readFileSync(out('behind.pcap'))).toEqual(readFileSync(five));
  }
  symlinkSync('/proc/self/fd/1', out('stdout'));
  const fd = openSync(out('redirected'), 'w');
  const redirected = (...args: string[]) =>
    spawnSync(triremePath, args, { stdio: ['ignore', fd, 'pipe'], encoding: 'utf8' });
  const refused = redirected('extract', five, '-w', out('stdout'));
  expect(refused.stderr).toContain('stdout is where standard output or errors go: write -w -');
  expect(refused.status).toBe(2);
  expect(redirected('analyze', five, '-q', '--html', out('stdout')).status).toBe(0);
  closeSync(fd);
  expect(readlinkSync(out('stdout'))).toBe('/proc/self/fd/1');
  expect(readFileSync(out('redirected'), 'latin1')).toContain('<!doctype html>');
});
