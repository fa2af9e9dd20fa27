import { copyFileSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PcapngBuilder } from '../support/capture-builder.js';
import { dayOf } from '../support/capture-of-pieces.js';
import { RangeServer } from '../support/range-server.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const capture = scratch.file('day.pcap', dayOf());
const asked = ['--filter', 'host 10.0.0.77', '--json'];
const analyze = (...args: string[]) => runTrireme(['analyze', capture, ...args]);

test('a question reads the pieces that can answer, tells how much, and gives the same bytes', async () => {
  const made = await runTrireme(['index', capture]);
  expect([made.stderr, made.code]).toEqual(['', 0]);
  expect(made.stdout).toMatch(/^\S+\/day\.pcap\.tridx: \d+ pieces, \d+ bytes, \S+ % of the capture\n$/);
  const whole = await analyze(...asked, '--no-index');
  const some = await analyze(...asked);
  expect([some.stdout, some.code, whole.stderr]).toEqual([whole.stdout, 0, '']);
  const [, read, of] = /: (\d+) of (\d+) bytes read by its index \(3 of \d+ pieces\)\n$/.exec(some.stderr)!;
  expect(Number(of)).toBe(statSync(capture).size);
  expect(Number(read)).toBeLessThan(Number(of) * 0.75);
  expect((JSON.parse(some.stdout) as { results: { packets: number }[] }).results[0].packets).toBe(1);
  expect((await analyze(...asked, '-q')).stderr).toBe('');
  const tested = await runTrireme(['filter', 'host 10.0.0.77', '--test', capture]);
  expect([tested.stderr, tested.stdout.split('\n').at(-2)]).toEqual([
    some.stderr,
    `${capture}: 1 of ${(JSON.parse(whole.stdout) as { results: { filter: { of_packets: number } }[] }).results[0].filter.of_packets} packets match`,
  ]);
});

test('extract takes the same bytes out of the pieces that can match', async () => {
  const out = (name: string): string => join(scratch.path, name);
  const filter = ['--filter', 'host 10.0.0.77 or port 9'];
  for (const more of [[], ['--limit', '1'], ['--before', '+1h']]) {
    const whole = await runTrireme(['extract', capture, ...filter, ...more, '--no-index', '-w', out('whole.pcap')]);
    const some = await runTrireme(['extract', capture, ...filter, ...more, '-w', out('some.pcap')]);
    expect([some.code, some.stderr.split('\n').at(-2)]).toEqual([0, whole.stderr.trimEnd()]);
    expect(some.stderr).toMatch(/bytes read by its index \(3 of/);
    expect(readFileSync(out('some.pcap')).equals(readFileSync(out('whole.pcap')))).toBe(true);
  }
});

test('extract --index makes the index that trireme index makes, and takes out the same bytes', async () => {
  const beside = `${capture}.tridx`;
  const before = readFileSync(beside);
  const out = (name: string): string => join(scratch.path, name);
  const filter = ['extract', capture, '--filter', 'host 10.0.0.77'];
  await runTrireme([...filter, '--no-index', '-w', out('whole.pcap')]);
  writeFileSync(beside, 'damaged');
  const made = await runTrireme([...filter, '--index', '-w', out('made.pcap')]);
  expect([made.stderr, made.code]).toEqual([expect.stringMatching(/^trireme: 1 of \d+ packets written\n$/), 0]);
  expect(readFileSync(beside).equals(before)).toBe(true);
  expect(readFileSync(out('made.pcap')).equals(readFileSync(out('whole.pcap')))).toBe(true);
  for (const [args, words] of [
    [['--limit', '1'], 'leave out --limit'],
    [['--master', '127.0.0.1:1'], 'leave out --master'],
  ] as const) {
    const refused = await runTrireme([...filter, '--index', '-w', out('never.pcap'), ...args]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(words)]);
  }
  const packed = scratch.file('packed.pcap.gz', gzipSync(smallCapture(fivePackets)));
  const without = await runTrireme(['extract', packed, '--index', '-w', out('packed.pcap')]);
  expect(without.stderr).toContain('is packed with gzip, so it has no index: unpack it first\ntrireme: 5 of 5');
});

test('extract keeps all blocks of a pcapng, and finds packets behind the pieces that it leaves out', async () => {
  const built = new PcapngBuilder().section().interface();
  const bytes = new Uint8Array(60_000);
  for (let i = 0; i < 300; i++) {
    built.enhanced({ bytes, time: BigInt(i) });
    if (i === 150) built.nameResolution().interface();
  }
  const rare = smallCapture([{ from: 77, to: 2, ports: [1024, 80] }]).subarray(24 + 16);
  const file = scratch.file('blocks.pcapng', built.enhanced({ bytes: rare, interfaceNumber: 1, time: 1n }).bytes());
  await runTrireme(['index', file]);
  const [whole, some] = ['whole', 'some'].map((name) => join(scratch.path, `${name}.pcapng`));
  const filter = ['extract', file, '--filter', 'port 80'];
  await runTrireme([...filter, '--no-index', '-w', whole]);
  const { stderr } = await runTrireme([...filter, '-w', some]);
  expect(stderr).toMatch(/\(3 of 5 pieces\)\ntrireme: 1 of 301 packets written\n$/);
  expect(readFileSync(some).equals(readFileSync(whole))).toBe(true);
});

test('joined files of which some have an index give the same with it and without it', async () => {
  const five = scratch.file('five.pcap', smallCapture(fivePackets));
  await runTrireme(['index', five]);
  const joined = (...more: string[]) => runTrireme(['analyze', '--join', capture, five, ...asked, ...more]);
  const whole = await joined('--no-index');
  expect(JSON.parse(whole.stdout)).toMatchObject({ results: [{ packets: 1, files: [{}, {}] }] });
  const split = ['--cores', '3', '--thread-bytes', '100000'];
  for (const more of [[], split, [...split, '--no-index']]) {
    const { stdout, code } = await joined(...more);
    expect([stdout, code]).toEqual([whole.stdout, 0]);
  }
});

test('a URL is read in the pieces that can match', async () => {
  const server = await RangeServer.start();
  try {
    const url = `${server.origin}/day.pcap`;
    const lastModified = new Date(1_700_000_000_000).toUTCString();
    server.files.set('/day.pcap', { bytes: readFileSync(capture), lastModified });
    const whole = await runTrireme(['analyze', url, ...asked, '-q']);
    server.files.set('/day.pcap.tridx', { bytes: readFileSync(`${capture}.tridx`), lastModified });
    const before = server.connections;
    const some = await runTrireme(['analyze', url, ...asked]);
    expect([some.stdout, some.code]).toEqual([whole.stdout, 0]);
    // One for all ranges, but where the next one is asked for while one is read.
    expect(server.connections - before).toBeLessThanOrEqual(2);
    expect(some.stderr).toMatch(
      /day\.pcap: \d+ of \d+ bytes read by its index \(3 of \d+ pieces\), and \d+ of the index\n$/,
    );
    const bounds = ['--after', '+0s', '--before', '+10s'];
    const bounded = await runTrireme(['analyze', url, ...bounds, '--json']);
    expect(bounded.stdout).toBe((await runTrireme(['analyze', url, ...bounds, '--json', '--no-index'])).stdout);
    const stale = new Date(1_600_000_000_000).toUTCString();
    server.files.set('/day.pcap.tridx', { bytes: readFileSync(`${capture}.tridx`), lastModified: stale });
    const ignored = await runTrireme(['analyze', url, ...asked]);
    expect([ignored.stdout, ignored.code]).toEqual([whole.stdout, 0]);
    expect(ignored.stderr).toContain('is ignored: the capture was written after it');
  } finally {
    await server.stop();
  }
});

test('analyze --index makes the same index and the same report', async () => {
  const beside = `${capture}.tridx`;
  const before = readFileSync(beside);
  const plain = await analyze('--json', '--no-index');
  writeFileSync(beside, 'damaged');
  const made = await analyze('--json', '--index');
  expect([made.stdout, made.stderr, made.code]).toEqual([plain.stdout, '', 0]);
  expect(readFileSync(beside).equals(before)).toBe(true);
});

test('a damaged index, and one of another state of the file, are ignored with a note', async () => {
  const beside = `${capture}.tridx`;
  const whole = await analyze(...asked, '--no-index');
  const sound = readFileSync(beside);
  writeFileSync(beside, sound.subarray(0, -1));
  const damaged = await analyze(...asked);
  expect([damaged.stdout, damaged.code]).toEqual([whole.stdout, 0]);
  expect(damaged.stderr).toContain('day.pcap.tridx is ignored: it is damaged: its checksum does not fit; make it anew');
  writeFileSync(beside, sound);
  const copied = join(scratch.path, 'copied.pcap');
  copyFileSync(capture, copied);
  utimesSync(copied, 1, 1);
  copyFileSync(beside, `${copied}.tridx`);
  const stale = await runTrireme(['analyze', copied, ...asked]);
  expect(stale.stderr).toContain('is ignored: the capture was written to, or copied, after it was made');
  expect(stale.stdout).toBe(whole.stdout.replaceAll('day.pcap', 'copied.pcap'));
});

test('packed captures and pipes have none, and what is no capture neither', async () => {
  const packed = scratch.file('five.pcap.gz', gzipSync(smallCapture(fivePackets)));
  const wrong = await runTrireme(['index', packed]);
  expect([wrong.stderr, wrong.code]).toEqual([
    `trireme: ${packed} is packed with gzip, so it has no index: unpack it first\n`,
    2,
  ]);
  const beside = await runTrireme(['analyze', packed, '--index', '--json']);
  expect([beside.stderr, beside.code]).toEqual([wrong.stderr, 0]);
  const foreign = scratch.file('foreign.pcap', 'not a capture at all');
  expect((await runTrireme(['index', foreign])).code).toBe(2);
  expect(existsSync(`${foreign}.tridx`)).toBe(false);
});
