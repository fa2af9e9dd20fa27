import { readFileSync } from 'node:fs';
import { ChunkScanner } from '../../../../src/pcap/chunk-scanner.js';
import { Extractor } from '../../../../src/pcap/extractor.js';
import { wholeFilePlan } from '../../../../src/pcap/chunk-plans.js';
import { decodeIndex, encodeIndex, indexBytesMaxOf } from '../../../../src/pcap/pieces/index-bytes.js';
import type { PieceIndex } from '../../../../src/pcap/pieces/piece-index.js';
import { planOf, SelectedMerger } from '../../../../src/pcap/pieces/selected-merger.js';
import { SelectedScanner } from '../../../../src/pcap/pieces/selected-scanner.js';
import { bytesOf, selectPieces } from '../../../../src/pcap/pieces/select-pieces.js';
import type { CaptureReport } from '../../../../src/pcap/report-types.js';
import type { ScanOptions } from '../../../../src/pcap/types.js';
import { adversarial, classicHeaderBytes, PcapngBuilder } from '../../../support/capture-builder.js';
import { shuffled } from '../../../support/cut-capture.js';
import { propertySeed, runsFactor } from '../../../support/property.js';
import { push, reportOptions, scanModule, scanOptions, scanWhole } from '../../../support/engine.js';
import { sharedCaptures } from '../../../support/shared-captures.js';
import { fivePackets, manyPackets, smallCapture } from '../../../support/small-capture.js';

function indexOf(bytes: Uint8Array, pieceBytes: number, only = true): PieceIndex {
  const scanner = new ChunkScanner(scanModule, wholeFilePlan, scanOptions);
  scanner.keepIndex(only, pieceBytes);
  push(scanner, bytes, 0, [700]);
  scanner.end();
  return scanner.index;
}

/** The report of the pieces that an index selects, and the bytes read; null: it selects nothing. */
function scanSelected(
  bytes: Uint8Array,
  index: PieceIndex,
  options: ScanOptions,
): { report: CaptureReport; read: number } | null {
  const selection = selectPieces(index, options);
  if (selection === null) return null;
  const scanner = new SelectedScanner(scanModule, options, selection.skipped);
  for (const run of selection.runs) {
    scanner.begin(run);
    push(scanner, bytes.subarray(0, run.end ?? bytes.length), run.start);
    expect(scanner.endRun()).toBe(true);
  }
  return { report: scanner.report(reportOptions), read: bytesOf(selection, bytes.length) };
}

const asked = (firstNs: string | null): Partial<ScanOptions>[] => [
  ...['port 53', 'host 10.0.0.1', 'tcp port 80 and host 10.0.0.3', 'port 9', 'host 10.0.0.1 or port 80', 'ip6'].map(
    (filter) => ({ filter }),
  ),
  ...(firstNs === null
    ? []
    : [
        { span: { after: firstNs, before: String(BigInt(firstNs) + 3_000_000_000n) } },
        { filter: 'port 80', span: { after: String(BigInt(firstNs) + 20_000_000_000n), before: null } },
      ]),
];

/** The same from chunks of a few pieces each, which come in another order. */
function mergeSelected(bytes: Uint8Array, index: PieceIndex, options: ScanOptions, runBytes: number): CaptureReport {
  const selection = selectPieces(index, options, false, runBytes)!;
  const merger = new SelectedMerger(scanModule, options, selection);
  for (const run of shuffled(selection.runs)) {
    const scanner = new ChunkScanner(scanModule, planOf(run), options);
    push(scanner, bytes, run.start);
    expect(merger.offer(scanner.end())).toBe(true);
  }
  expect(merger.complete).toBe(true);
  return merger.report(reportOptions);
}

function checkAll(bytes: Uint8Array, pieceBytes: number): number {
  const index = indexOf(bytes, pieceBytes);
  const whole = scanWhole(bytes);
  let spared = 0;
  for (const some of asked(whole.error === null ? whole.first_ns : null)) {
    const options = { ...scanOptions, intervalNs: '10000000000', ...some };
    let expected: CaptureReport;
    try {
      expected = scanWhole(bytes, options);
    } catch {
      // The filter does not fit a link type: the index must leave that to the scan.
      continue;
    }
    const selected = scanSelected(bytes, index, options);
    if (selected === null) continue;
    expect(selected.report).toEqual(expected);
    // A chunk each costs time: the smallest pieces are left out.
    for (const runBytes of pieceBytes < 1000 ? [] : [pieceBytes === 1000 ? 1 : 3 * pieceBytes])
      expect(mergeSelected(bytes, index, options, runBytes)).toEqual(expected);
    spared += bytes.length - selected.read;
  }
  return spared;
}

/** Classic with records of nothing but zeros in its middle. */
function zerosInTheMiddle(): Uint8Array {
  const plain = adversarial.plain(200);
  const whole = scanWhole(adversarial.plain(100));
  const middle = whole.error === null ? classicHeaderBytes + Number(whole.captured_bytes) + 16 * 100 : 0;
  return Buffer.concat([plain.subarray(0, middle), new Uint8Array(10 * 16), plain.subarray(middle)]);
}

/** Statistics of an interface in the middle of its packets. */
function statisticsInTheMiddle(): Uint8Array {
  const builder = new PcapngBuilder().section().interface();
  for (let i = 0; i < 200; i++) {
    builder.enhanced({ bytes: adversarial.segment(i, new Uint8Array(9)), time: BigInt(i) });
    if (i === 100) builder.statistics({ 4: 10n, 5: 3n });
  }
  return builder.bytes();
}

/** Two sections with statistics of their own, a long way apart. */
function statisticsOfTwoSections(): Uint8Array {
  const builder = new PcapngBuilder();
  for (const received of [10n, 7n]) {
    builder.section().interface();
    for (let i = 0; i < 100; i++) {
      builder.enhanced({ bytes: adversarial.segment(i, new Uint8Array(9)), time: BigInt(i) });
      if (i === 50) builder.statistics({ 4: received, 5: 1n });
    }
  }
  return builder.enhanced({ bytes: adversarial.segment(1, new Uint8Array(9)), time: 5n }).bytes();
}

const captures = {
  'many conversations': smallCapture(manyPackets(500)),
  'plain classic': adversarial.plain(200),
  'huge packets': adversarial.hugePackets(12, 9000, true),
  'plain pcapng': adversarial.plainPcapng(200),
  'pcapng whose state changes': adversarial.restlessPcapng(7, 9),
  'damage in the middle': adversarial.damageInTheMiddle(60),
  'zeros in the middle': zerosInTheMiddle(),
  'statistics in the middle': statisticsInTheMiddle(),
  'statistics of two sections': statisticsOfTwoSections(),
  'cut short': adversarial.plain(200).subarray(0, -17),
};

describe.each(Object.entries(captures))('%s', (_, bytes) => {
  test.each([200, 1000, 4096])('pieces of %d bytes give what the whole gives', (pieceBytes) => {
    const spared = checkAll(bytes, pieceBytes);
    if (pieceBytes === 200) expect(spared).toBeGreaterThan(bytes.length / 10);
  });

  test('an index that is made beside counting is the same', () => {
    expect(indexOf(bytes, 1000, false)).toEqual(indexOf(bytes, 1000));
    const counted = new ChunkScanner(scanModule, wholeFilePlan, scanOptions);
    counted.keepIndex(false, 1000);
    push(counted, bytes, 0);
    expect(counted.report(reportOptions)).toEqual(scanWhole(bytes));
  });

  test('it is the same after it was bytes, which tell damage', () => {
    const index = indexOf(bytes, 1000);
    const file = { sizeBytes: bytes.length, mtimeNs: '1', endsSha256: 'ab' };
    const encoded = encodeIndex({ file, index });
    const decoded = decodeIndex(encoded);
    expect(decoded).toEqual({ file, index });
    for (let at = 0; at < encoded.length; at += 1 + Math.floor(encoded.length / 97)) {
      const changed = Buffer.from(encoded);
      changed[at] ^= 1 << (at % 8);
      expect([at, typeof decodeIndex(changed)]).toEqual([at, 'string']);
      expect([at, typeof decodeIndex(encoded.subarray(0, at))]).toEqual([at, 'string']);
    }
  });
});

test('the shared captures', () => {
  let spared = 0;
  // Another quarter of them in each run, as of random cases.
  const step = Math.max(1, Math.round(1 / runsFactor));
  for (const { path } of sharedCaptures().filter((_, at) => at % step === propertySeed % step)) {
    const bytes = readFileSync(path);
    if (scanWhole(bytes).error === 'not-a-capture' || bytes.length > 1e6) continue;
    spared += checkAll(bytes, 8192);
  }
  expect(spared).toBeGreaterThanOrEqual(0);
});

/** A capture of so many packets, each between two addresses and ports of its own. */
function strangers(count: number): Buffer {
  const one = Buffer.from(smallCapture(fivePackets.slice(0, 1)));
  const record = one.subarray(classicHeaderBytes);
  const bytes = Buffer.alloc(classicHeaderBytes + count * record.length);
  one.copy(bytes, 0, 0, classicHeaderBytes);
  for (let i = 0, at = classicHeaderBytes; i < count; i++, at += record.length) {
    record.copy(bytes, at);
    const network = at + 16 + 14;
    bytes.writeUInt32BE(0x0a000000 + i, network + 12);
    bytes.writeUInt32BE(0x0b000000 + i, network + 16);
    bytes.writeUInt16BE(i % 65_536, network + 20);
    bytes.writeUInt16BE((i * 7) % 65_536, network + 22);
  }
  return bytes;
}

test('a capture in which each packet is of another connection has an index under the bound', () => {
  const bytes = strangers(130_000);
  expect(bytes.length).toBeGreaterThan(8 * 1024 * 1024);
  const encoded = encodeIndex({
    file: { sizeBytes: bytes.length, mtimeNs: '1', endsSha256: 'ab' },
    index: indexOf(bytes, 4 * 1024 * 1024),
  });
  expect(encoded.length).toBeLessThan(bytes.length * 0.002 + 1000);
  expect(encoded.length).toBeLessThan(indexBytesMaxOf(bytes.length));
  checkAll(bytes, 4 * 1024 * 1024);
});

test('a file that is not as it was indexed shows', () => {
  const bytes = smallCapture(manyPackets(500));
  const selection = selectPieces(indexOf(bytes, 1000), { filter: 'host 10.0.0.1' })!;
  const other = smallCapture(manyPackets(500).map((packet, i) => (i % 2 === 0 ? packet : { ...packet, udp: false })));
  const scanner = new SelectedScanner(scanModule, { ...scanOptions, filter: 'host 10.0.0.1' }, selection.skipped);
  const fits = selection.runs.map((run) => {
    scanner.begin(run);
    push(scanner, other.subarray(0, run.end ?? other.length), run.start);
    return scanner.endRun();
  });
  expect(fits).toContain(false);
  scanner.cancel();
  const merger = new SelectedMerger(scanModule, { ...scanOptions, filter: 'host 10.0.0.1' }, selection);
  const offered = selection.runs.map((run) => {
    const chunk = new ChunkScanner(scanModule, planOf(run), { ...scanOptions, filter: 'host 10.0.0.1' });
    push(chunk, other, run.start);
    return merger.offer(chunk.end());
  });
  expect(offered).toContain(false);
  merger.cancel();
});

test('an index that tells another number of packets shows', () => {
  const bytes = smallCapture(manyPackets(500));
  const options = { ...scanOptions, filter: 'host 10.0.0.1' };
  const selection = selectPieces(indexOf(bytes, 1000), options)!;
  const [first, ...runs] = selection.runs;
  const lying = { ...selection, runs: [{ ...first, packets: first.packets! + 1 }, ...runs] };
  const merger = new SelectedMerger(scanModule, options, lying);
  const scanner = new ChunkScanner(scanModule, planOf(first), options);
  push(scanner, bytes, first.start);
  expect(merger.offer(scanner.end())).toBe(false);
  merger.cancel();
});

test('a result that comes twice counts once, and one of no run not at all', () => {
  const bytes = smallCapture(manyPackets(500));
  const options = { ...scanOptions, filter: 'host 10.0.0.1' };
  const selection = selectPieces(indexOf(bytes, 1000), options)!;
  const merger = new SelectedMerger(scanModule, options, selection);
  const results = selection.runs.map((run) => {
    const scanner = new ChunkScanner(scanModule, planOf(run), options);
    push(scanner, bytes, run.start);
    return scanner.end();
  });
  const [first, ...rest] = results;
  const last = rest.at(-1)!;
  for (const result of [last, { ...last, plan: { ...last.plan, start: last.plan.start + 1 } }, last, first, first])
    expect(merger.offer({ ...result, partial: Uint8Array.from(result.partial) })).toBe(true);
  expect([merger.merged, merger.complete]).toEqual([1, false]);
  for (const result of rest.slice(0, -1)) merger.offer(result);
  expect(merger.report(reportOptions)).toEqual(scanWhole(bytes, options));
});

test.each([
  ['a classic capture', adversarial.plain(300)],
  ['a pcapng capture', adversarial.plainPcapng(300)],
  ['a pcapng capture whose state changes', adversarial.restlessPcapng(8, 20)],
  ['a capture without a packet', smallCapture([])],
])('the index of %s that an extraction makes is the one that a scan makes', (_what, bytes) => {
  for (const options of [{}, { filter: 'udp or len > 90' }, { span: { after: '+1000000', before: null } }]) {
    const taken: Buffer[] = [];
    const take = (some: Uint8Array): void => void taken.push(Buffer.from(some));
    const extractor = new Extractor(scanModule, options, take);
    extractor.keepIndex(1500);
    push(extractor, bytes, 0, [700]);
    extractor.end();
    expect(extractor.index).toEqual(indexOf(bytes, 1500));
    const plain: Buffer[] = [];
    const without = new Extractor(scanModule, options, (some) => plain.push(Buffer.from(some)));
    push(without, bytes, 0, [700]);
    without.end();
    expect(Buffer.concat(taken).equals(Buffer.concat(plain))).toBe(true);
  }
});
