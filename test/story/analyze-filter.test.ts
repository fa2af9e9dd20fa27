import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');
const five = scratch.file('five.pcap', smallCapture(fivePackets));
const again = scratch.file('again.pcap', smallCapture([...fivePackets, ...fivePackets.slice(0, 1)]));
const many = scratch.file('many.pcap', smallCapture(manyPackets(20_000)));

/** Link type 101: its packets begin with an IP header. */
const rawBytes = Buffer.from(smallCapture(fivePackets));
rawBytes.writeUInt32LE(101, 20);
const raw = scratch.file('raw.pcap', rawBytes);

const analyze = (...args: string[]) => runTrireme(['analyze', '-q', ...args]);

test('the text says first which packets it is of', async () => {
  const { stdout, code } = await analyze(five, '--filter', 'tcp port 80', '--after', '+1s', '--before', '+3s');
  expect(stdout.split('\n').slice(0, 5)).toEqual([
    'Filter: tcp port 80',
    'From: 1 s from the first packet',
    'Before: 3 s from the first packet',
    'Packets that match: 2 of 5; all that follows is of these',
    'Total number of packets: 2',
  ]);
  expect(code).toBe(0);
});

test('one core, several threads, a packed file and a joined one give the same', async () => {
  const asked = ['--json', '--filter', 'not net 10.0.0.0/24 or udp', '--after', '+10s', '--before', '+4000s'];
  const one = await analyze(many, ...asked);
  expect(JSON.parse(one.stdout)).toMatchObject({
    results: [{ filter: { of_packets: 20_000, after_ns: '+10000000000', before_ns: '+4000000000000' } }],
  });
  const several = await analyze(many, ...asked, '--cores', '3', '--thread-bytes', '100000');
  expect(several.stdout).toBe(one.stdout);
  const packed = scratch.file('many.pcap.gz', gzipSync(readFileSync(many)));
  const unpacked = await analyze(packed, ...asked);
  const facts = (text: string): object => {
    const { file, gzip, compression, ...rest } = (JSON.parse(text) as { results: Record<string, unknown>[] })
      .results[0];
    expect([file, gzip, compression]).toHaveLength(3);
    return rest;
  };
  expect(facts(unpacked.stdout)).toEqual(facts(one.stdout));
  const joined = await analyze('--join', '--json', five, again, '--filter', 'udp');
  expect(JSON.parse(joined.stdout)).toMatchObject({ results: [{ packets: 2, filter: { of_packets: 11 } }] });
});

test('a cluster gives what one core gives, and tells what it was asked', async () => {
  const cluster = await CaptureCluster.start([scratch.path, join(projectRoot, 'captures')], ['--chunk-bytes', '64KiB']);
  try {
    await cluster.addWorker(scratch.path, { slots: 2 });
    for (const [file, ...asked] of [
      [many, '--filter', 'port 80 or port 443 or net 10.0.0.0/28', '--interval', '10s'],
      [sample, '--filter', 'tcp', '--after', '2020-01-01T00:00:00Z', '--before', '2100-01-01T00:00:00+01:00'],
      [many, '--after', '+10s', '--before', '+4000s'],
    ]) {
      const one = await runTrireme(['analyze', '--json', '-q', file, ...asked]);
      const all = await cluster.analyze([file], asked);
      expect(all.stdout).toBe(one.stdout);
      expect(one.code).toBe(0);
    }
    const unfit = await cluster.analyze([raw], ['--filter', 'ether broadcast']);
    expect(unfit.stderr).toContain('raw IP has no broadcast address');
    const here = await runTrireme(['analyze', '--json', '-q', raw, '--filter', 'ether broadcast']);
    expect(unfit).toEqual(here);
    expect(unfit.code).toBe(2);
  } finally {
    await cluster.stop();
  }
});

test.each([
  [['--filter', 'net 10/8'], "filter, at character 7, '/'", 'net 10.0.0.0/8'],
  [['--filter', 'tcp host 10.0.0.1'], "'tcp' has no addresses", 'tcp and host 10.0.0.1'],
  [['--filter', ' '], '--filter is empty', 'tcp port 443'],
  [['--after', 'noon'], "'noon' is not a time", '+30s'],
  [['--after', '+5s', '--before', '+5s'], '--after is not before --before', ''],
])('analyze %j is wrong usage, in words that help', async (args, what, remedy) => {
  const { stderr, stdout, code } = await analyze(five, ...args);
  expect(stderr).toContain(what);
  expect(stderr).toContain(remedy);
  expect([stdout, code]).toEqual(['', 2]);
});

test('a file whose link type cannot be asked is told with the reason, and the others are counted', async () => {
  const { stdout, stderr, code } = await analyze('--json', five, raw, '--filter', 'ether broadcast');
  expect(stderr).toContain('raw IP has no broadcast address');
  expect(JSON.parse(stdout)).toMatchObject({ results: [{ packets: 0, filter: { of_packets: 5 } }, {}] });
  expect(code).toBe(1);
});
