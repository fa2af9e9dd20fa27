import { readFileSync } from 'node:fs';
import { ChunkScanner } from '../../../../src/pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../../../src/pcap/chunk-plans.js';
import { decodeIndex, encodeIndex, indexBytesMost } from '../../../../src/pcap/pieces/index-bytes.js';
import type { PieceIndex } from '../../../../src/pcap/pieces/piece-index.js';
import { SelectedScanner } from '../../../../src/pcap/pieces/selected-scanner.js';
import { bytesOf, selectPieces } from '../../../../src/pcap/pieces/select-pieces.js';
import type { CaptureReport } from '../../../../src/pcap/report-types.js';
import type { ScanOptions } from '../../../../src/pcap/types.js';
import { adversarial, classicHeaderBytes, PcapngBuilder } from '../../../support/capture-builder.js';
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

const captures = {
  'many conversations': smallCapture(manyPackets(500)),
  'plain classic': adversarial.plain(200),
  'huge packets': adversarial.hugePackets(12, 9000, true),
  'plain pcapng': adversarial.plainPcapng(200),
  'pcapng whose state changes': adversarial.restlessPcapng(7, 9),
  'damage in the middle': adversarial.damageInTheMiddle(60),
  'zeros in the middle': zerosInTheMiddle(),
  'statistics in the middle': statisticsInTheMiddle(),
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
    expect(decoded).toEqual({ file, index: { ...index, pieces: index.pieces.map(withBuffers) } });
    for (let at = 0; at < encoded.length; at += 1 + Math.floor(encoded.length / 97)) {
      const changed = Buffer.from(encoded);
      changed[at] ^= 1 << (at % 8);
      expect([at, typeof decodeIndex(changed)]).toEqual([at, 'string']);
      expect([at, typeof decodeIndex(encoded.subarray(0, at))]).toEqual([at, 'string']);
    }
  });
});

function withBuffers(piece: PieceIndex['pieces'][number]): PieceIndex['pieces'][number] {
  const { addresses, ports, connections } = piece.keys;
  return {
    ...piece,
    keys: { addresses: Buffer.from(addresses), ports: Buffer.from(ports), connections: Buffer.from(connections) },
  };
}

test('the shared captures', () => {
  let spared = 0;
  for (const { path } of sharedCaptures()) {
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
  expect(encoded.length).toBeLessThan(indexBytesMost(bytes.length));
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
});
