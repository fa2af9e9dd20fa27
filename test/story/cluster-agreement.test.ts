import { statSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { adversarial, classicCapture, gzipped, lz4Packed, zstdStored } from '../support/capture-builder.js';
import { asFrame, conversationPacket, tunnel } from '../support/capture-builder/tunnels.js';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { lossyTraces } from '../support/capture-builder/tcp-traces.js';
import { inMembers } from '../support/member-source.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCaptures } from '../support/shared-captures.js';
import { fivePackets, manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const elsewhere = scratchFolder();
const shared = sharedCaptures();
const sample = join(projectRoot, 'captures', 'sample.pcap');

const many = Buffer.from(smallCapture(manyPackets(5000)));
const nested = classicCapture(
  Array.from({ length: 600 }, (_, i) => {
    const wraps = [tunnel.vxlan(i % 3), tunnel.mpls([16 + (i % 5), 17]), tunnel.gtpu(i % 7), tunnel.gre(i % 2)];
    const packet = wraps[(i >> 2) % 4](conversationPacket(i % 5 === 0 ? 6 : 4, 1 + (i % 9), 20 + (i % 4), 6));
    return { bytes: asFrame(i % 3 === 0 ? tunnel.geneve(i % 11)(packet) : packet) };
  }),
);
const damaged = Buffer.from(many);
damaged.fill(0xff, 60_000, 60_100);

function inFrames(pack: (bytes: Uint8Array) => Uint8Array): Buffer {
  const frames = Array.from({ length: Math.ceil(many.length / 3000) }, (_, i) =>
    pack(many.subarray(i * 3000, (i + 1) * 3000)),
  );
  return Buffer.concat(frames);
}

function changedAt(bytes: Buffer, place: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[place] ^= 0x55;
  return changed;
}

const files = [
  sample,
  scratch.file('five.pcap', smallCapture(fivePackets)),
  scratch.file('many.pcap', many),
  scratch.file('damaged.pcap', damaged),
  scratch.file('cut-in-a-record.pcap', many.subarray(0, 100_001)),
  scratch.file('cut-in-its-header.pcap', many.subarray(0, 20)),
  scratch.file('header-only.pcap', many.subarray(0, 24)),
  scratch.file('empty.pcap', ''),
  scratch.file('letter.txt', 'Dear reader, this is not a capture.\n'),
  // Guesses go wrong in these: chunks are scanned again, and the headers are walked through.
  scratch.file('inside.pcap', adversarial.capturesInside(40, 200)),
  scratch.file('segments.pcap', adversarial.captureInSegments(400, 1448)),
  scratch.file('zeros.pcap', adversarial.zeroPayloads(60, 9000)),
  scratch.file('chain.pcap', adversarial.chainAcrossPackets(300, 1000)),
  scratch.file('blocks.pcapng', adversarial.blocksInside(40, 200)),
  scratch.file('restless.pcapng', adversarial.restlessPcapng(8, 40)),
  scratch.file('many.pcap.gz', gzipped(many)),
  scratch.file('cut.pcap.gz', gzipped(many).subarray(0, 5_000)),
  scratch.file('many.pcap.zst', zstdStored(many)),
  scratch.file('many.pcap.lz4', lz4Packed(many)),
  scratch.file('cut.pcap.lz4', lz4Packed(many).subarray(0, 5_000)),
  scratch.file('rest.pcap.lz4', Buffer.concat([lz4Packed(many), Buffer.from('rest')])),
  // Many members or frames: several chunks, of which one may be damaged.
  ...[
    ['gz', inMembers(many, 3000)] as const,
    ['zst', inFrames(zstdStored)] as const,
    ['lz4', inFrames(lz4Packed)] as const,
  ].flatMap(([end, bytes]) => [
    scratch.file(`parts.pcap.${end}`, bytes),
    scratch.file(`parts-damaged.pcap.${end}`, changedAt(bytes, Math.floor(0.6 * bytes.length))),
    scratch.file(`parts-cut.pcap.${end}`, bytes.subarray(0, 0.7 * bytes.length)),
    scratch.file(`parts-rest.pcap.${end}`, Buffer.concat([bytes, Buffer.from('rest')])),
  ]),
  scratch.file('damaged-inside.pcap.gz', inMembers(damaged, 3000)),
  scratch.file('restless.pcapng.gz', inMembers(adversarial.restlessPcapng(8, 40), 700)),
  ...shared.map(({ path }) => path),
];

/** What this machine gives does not depend on the cluster beside which it is asked. */
const given = new Map<string, Promise<Ran>>();
function alone(...args: string[]): Promise<Ran> {
  const key = JSON.stringify(args);
  if (!given.has(key)) given.set(key, runTrireme(['analyze', ...args]));
  return given.get(key)!;
}

/** One core, several and a cluster must print the same, and this among it. */
async function expectAlike(cluster: CaptureCluster, holds: string, ...args: string[]): Promise<void> {
  const [one, several, there] = await Promise.all([
    alone(...args),
    alone('--cores', '3', '--thread-bytes', '1', ...args),
    runTrireme(['analyze', '--master', cluster.grpc, ...args]),
  ]);
  expect(one.stdout).toContain(holds);
  expect(several.stdout).toBe(one.stdout);
  expect(there.stdout).toBe(one.stdout);
}

const lossy = scratch.file('lossy.pcap', lossyTraces(60));
const names = scratch.file('names.pcap', namedTraffic(3000));
const inside = scratch.file('nested.pcap', nested);

const large = shared.map(({ path }) => path).filter((path) => statSync(path).size > 100_000);

describe.each([
  ['chunks sized for the workers', []],
  ['chunks of 12 KiB', ['--chunk-bytes', '12KiB']],
])('a cluster with %s', (_what, args) => {
  let cluster: CaptureCluster;
  beforeAll(async () => {
    cluster = await CaptureCluster.start(['/'], args);
    // One worker opens the files itself, the other one is sent their bytes.
    await Promise.all([cluster.addWorker('/', { slots: 2 }), cluster.addWorker(elsewhere.path)]);
  });
  afterAll(() => cluster.stop());

  test('gives for every capture the bytes and the exit code that one core gives', async () => {
    const [here, there] = await Promise.all([alone('--json', '-q', ...files), cluster.analyze(files)]);
    expect(there.stdout).toBe(here.stdout);
    expect(there.code).toBe(here.code);
    expect(JSON.parse(there.stdout).results).toHaveLength(files.length);
  });

  test('answers with options as one core does', async () => {
    const options = ['--top', '3', '--sort', 'packets', '--interval', '1s', '--max-conversations', '50'];
    const connection = ['--client', '10.0.0.1:1024', '--server', '10.0.0.2:80'];
    const some = [files[1], files[2], sample];
    const here = await alone('--json', '-q', ...options, ...connection, ...some);
    const there = await cluster.analyze(some, [...options, ...connection]);
    expect(there.stdout).toBe(here.stdout);
    expect(there.code).toBe(0);
  });

  // JSON holds what CSV does, so that one capture shows that the rows come through.
  test('tells the health of TCP as one core and several do', async () => {
    const tcp = ['--tcp', '--top', '1000', '-q', lossy];
    await expectAlike(cluster, 'retransmissions', '--json', ...tcp, ...large);
    await expectAlike(cluster, 'retransmissions', '--csv', 'tcp', ...tcp);
  });

  test('tells names as one core and several do', async () => {
    const asked = ['--names', '--top', '1000', '-q', names];
    await expectAlike(cluster, 'a.example', '--json', ...asked, sample, ...large);
    await expectAlike(cluster, 'a.example', '--csv', 'addresses', ...asked);
  });

  test.each(['--json', '--csv'])('tells what is inside of tunnels in %s as one core and several do', (form) =>
    expectAlike(cluster, 'vxlan', form, '--inner', '--top', '100', '-q', inside),
  );
});

test('a master that does not see the file is sent it, and keeps nothing', async () => {
  const cluster = await CaptureCluster.start([elsewhere.path], ['--spool', join(scratch.path, 'spool')]);
  try {
    await cluster.addWorker(elsewhere.path);
    const here = await runTrireme(['analyze', '--json', '-q', files[2]]);
    const there = await cluster.analyze([files[2]]);
    expect(there).toMatchObject({ code: 0, stdout: here.stdout });
    expect(await cluster.metric('trireme_master_spool_bytes')).toBe(0);
    expect(await cluster.metric('trireme_master_source_bytes_total')).toBeGreaterThan(0);
  } finally {
    await cluster.stop();
  }
});

test('a spool that is full refuses in one line', async () => {
  const cluster = await CaptureCluster.start(
    [elsewhere.path],
    [...['--spool', join(scratch.path, 'spool'), '--spool-bytes-max', '1k']],
  );
  try {
    await cluster.addWorker(elsewhere.path);
    const there = await runTrireme(['analyze', '--json', '--master', cluster.grpc, files[2]]);
    expect(there.code).toBe(1);
    expect(there.stderr.trim().split('\n').pop()).toMatch(/--spool-bytes-max/);
  } finally {
    await cluster.stop();
  }
});
