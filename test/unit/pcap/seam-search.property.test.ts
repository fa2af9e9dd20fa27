import fc from 'fast-check';

import { Kernel, phases } from '../../../src/pcap/kernel.js';
import { adversarial, classicHeader, type ByteOrder } from '../../support/capture-builder.js';
import { headerOf, scanModule, scanOptions, type Pieces } from '../../support/engine.js';
import { searchRecord } from '../../support/oracle/seam-search.js';
import { holds } from '../../support/property.js';

const mebibyte = 1024 * 1024;
/**
 * A place is looked at as the start of a chain, and once more as a part of one; a few short chains are walked again.
 */
const stepsPerByteMax = 2.5;

interface Found {
  readonly start: number | null;
  readonly steps: number;
}

/** Lets the scanner search from a place; the bytes come in these pieces. */
function search(file: Uint8Array, start: number, limit: number, pieces: Pieces = [256 * 1024]): Found {
  const kernel = Kernel.acquire(scanModule, scanOptions);
  const { exports } = kernel;
  const { state } = headerOf(file);
  kernel.installState(state!);
  exports.beginWindow(BigInt(start), BigInt(limit), phases.search, kernel.formatNumber(state!));
  let at = start;
  for (let turn = 0; exports.phaseNow() === phases.search && at < file.length; turn++) {
    const bytes = Math.min(exports.spaceBytes(), file.length - at, pieces[turn % pieces.length]);
    kernel.bytes(exports.spaceAt(), bytes).set(file.subarray(at, at + bytes));
    exports.filled(bytes);
    at += bytes;
  }
  if (exports.phaseNow() === phases.search) exports.finish();
  const found = exports.phaseNow() !== phases.search && exports.phaseNow() !== phases.notFound;
  const result = { start: found ? Number(exports.startPosition()) : null, steps: Number(exports.searchSteps.value) };
  kernel.release();
  return result;
}

interface Lengths {
  readonly captured: number;
  readonly original?: number;
}

/** A classic capture of records of these lengths, whose data is `fill`. */
function ofRecords(records: readonly Lengths[], order: ByteOrder = 'little', fill = 0x78): Uint8Array {
  const header = classicHeader({ order });
  const bytes = new Uint8Array(records.reduce((sum, { captured }) => sum + 16 + captured, header.length)).fill(fill);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  let at = header.length;
  for (const [i, { captured, original = captured }] of records.entries()) {
    const words = [1_700_000_000 + i, i % 1_000_000, captured, original];
    for (const [word, value] of words.entries()) view.setUint32(at + 4 * word, value, order === 'little');
    at += 16 + captured;
  }
  return bytes;
}

const odd: Lengths = { captured: 60, original: 4_093_509_168 };

/** Records of 60 bytes, and after each `between` bytes of them one that no search believes. */
function withOddRecords(bytes: number, between: number): Uint8Array {
  const usual = Array.from({ length: Math.floor(between / 76) }, (): Lengths => ({ captured: 60 }));
  const run = [...usual, odd];
  const runs = Math.ceil(bytes / (run.length * 76));
  return ofRecords(Array.from({ length: runs }, () => run).flat());
}

const formOf = (file: Uint8Array) => {
  const { format, byteOrder } = headerOf(file).state!;
  return { blocks: format === 'pcapng', big: byteOrder === 'big', nano: format === 'pcap-nsec' };
};

describe('the search for a first record', () => {
  const corpus: Record<string, Uint8Array> = {
    'an odd record in each 240 kB': withOddRecords(3 * mebibyte, 240_000),
    'captures inside packets': adversarial.capturesInside(20, 200),
    'a capture sent in segments': adversarial.captureInSegments(3000, 1448),
    'packets of 250 KB that hold captures': adversarial.hugePackets(12, 250_000, true),
    'a false chain across all packets': adversarial.chainAcrossPackets(1200, 1000),
    'damage in the middle': adversarial.damageInTheMiddle(2000),
    'zeros in the middle': adversarial.garbageInTheMiddle(1500, new Uint8Array(300_000)),
    'records of one byte': ofRecords(Array.from({ length: 20_000 }, () => ({ captured: 1 })).concat([odd])),
    'chains of ones that meet one another': ofRecords(
      [...new Array<Lengths>(200_000).fill({ captured: 1 }), odd],
      'little',
      1,
    ),
    'plain pcapng': adversarial.plainPcapng(3000),
    'pcapng blocks inside pcapng packets': adversarial.blocksInside(15, 250),
    'pcapng whose state changes': adversarial.restlessPcapng(40, 30),
  };

  test.each(Object.entries(corpus))('takes steps in proportion to the bytes: %s', (_, file) => {
    for (const start of [25, Math.floor(file.length / 3), file.length - 5000]) {
      const { steps } = search(file, start, file.length);
      expect(steps).toBeLessThanOrEqual((file.length - start) * stepsPerByteMax);
    }
  });

  test.each(Object.entries(corpus))('finds the place that walks from every place find: %s', (name, file) => {
    // There the definition itself is too slow to run from the front.
    const starts = /ones|one byte|240 kB/.test(name) ? [0.93, 0.99] : [0.01, 0.3, 0.5, 0.97];
    for (const start of starts.map((share) => Math.floor(file.length * share)))
      expect(search(file, start, file.length, [100_000, 1, 4097]).start).toBe(
        searchRecord(file, start, file.length, formOf(file)),
      );
  });

  test('a chain as long as the window takes no more steps when its bytes come one by one', () => {
    const file = withOddRecords(200_000, 150_000);
    expect(search(file, 25, file.length, [1]).steps).toBeLessThanOrEqual(3 * file.length);
  });

  test('a chain that fails for want of records hides no chain that meets it and has enough', () => {
    const file = ofRecords([
      { captured: 250_000 },
      { captured: 20_000 },
      odd,
      ...new Array<Lengths>(20).fill({ captured: 60 }),
    ]);
    const inner = ofRecords([
      ...new Array<Lengths>(6).fill({ captured: 60 }),
      { captured: 250_000 - 100 - 6 * 76 - 16 },
    ]);
    file.set(inner.subarray(24), 24 + 16 + 100);
    expect(searchRecord(file, 24, file.length, formOf(file))).toBe(24 + 16 + 100);
    expect(search(file, 24, file.length).start).toBe(24 + 16 + 100);
  });

  test('is content with 64 KiB of plausible records after 4 MiB', () => {
    const file = withOddRecords(6 * mebibyte, 200_000);
    const { start, steps } = search(file, 30, file.length);
    expect(start).toBeGreaterThanOrEqual(30 + 4 * mebibyte);
    expect(start).toBeLessThan(30 + 4 * mebibyte + 200_000);
    expect((start! - 24) % 76).toBe(0);
    expect(steps).toBeLessThanOrEqual(file.length * stepsPerByteMax);
  });

  test('gives up after 16 MiB', () => {
    const file = withOddRecords(18 * mebibyte, 30_000);
    const { start, steps } = search(file, 30, file.length);
    expect(start).toBeNull();
    expect(steps).toBeLessThanOrEqual(16 * mebibyte * stepsPerByteMax);
    expect(steps).toBeGreaterThan(16 * mebibyte);
  });
});

test('on random captures the search finds the place that walks from every place find', () => {
  const lengths = fc.oneof(
    { weight: 20, arbitrary: fc.record({ captured: fc.nat({ max: 1500 }) }) },
    { weight: 2, arbitrary: fc.record({ captured: fc.integer({ min: 20_000, max: 262_144 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ captured: fc.nat({ max: 100 }), original: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
    },
  );
  const many = fc.array(lengths, { minLength: 20, maxLength: 400, size: 'max' });
  const order = fc.constantFrom<ByteOrder>('little', 'big');
  // Data of ones reads as records of one byte, of sevens as none.
  const fill = fc.constantFrom(0x78, 0, 1);
  const pieces = fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 4 });
  holds(
    fc.tuple(many, order, fill, fc.nat({ max: 1_000_000 }), pieces),
    ([records, byteOrder, byte, millionths, sizes]) => {
      const file = ofRecords(records, byteOrder, byte);
      const start = 24 + Math.floor(((file.length - 25) * millionths) / 1_000_000);
      const bounded = sizes.every((size) => size < 1000) ? [65_536] : sizes;
      expect(search(file, start, file.length, bounded).start).toBe(
        searchRecord(file, start, file.length, formOf(file)),
      );
    },
    80,
  );
});
