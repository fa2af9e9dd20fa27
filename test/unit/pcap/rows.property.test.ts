import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { csvDocument } from '../../../src/analyze/csv-tables.js';
import { ParquetFolder } from '../../../src/analyze/parquet/folder.js';
import { projectRoot } from '../../../src/common/version.js';
import type { CaptureFacts, EndpointRow } from '../../../src/pcap/report-types.js';
import { packedRowsMin } from '../../../src/pcap/report-ranks.js';
import { jsonPieces, toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import { PackedRows } from '../../../src/pcap/rows/packed-rows.js';
import { RowWriter } from '../../../src/pcap/rows/row-writer.js';
import { smallCapture, manyPackets } from '../../support/small-capture.js';
import { reportOptions, scanOptions, scanWhole } from '../../support/engine.js';
import { holds } from '../../support/property.js';
import { sampleEntry } from '../../support/sample-entry.js';
import { scratchFolder } from '../../support/scratch.js';

const writer = new RowWriter(new WebAssembly.Module(readFileSync(join(projectRoot, 'dist/src/pcap/rows.wasm'))));

/** A table long enough to be packed, whose rows any bytes may be put into. */
const table = scanWhole(smallCapture(manyPackets(2000)), scanOptions, undefined, {
  ...reportOptions,
  top: 100_000,
  packedRows: true,
}) as CaptureFacts;
const packed = <T>(rows: unknown): PackedRows<T> => {
  if (!(rows instanceof PackedRows)) throw new Error('the table is not packed');
  return rows as PackedRows<T>;
};

const text = (pieces: Iterable<string | Uint8Array>): string =>
  Buffer.concat([...pieces].map((piece) => Buffer.from(piece))).toString();

/** Counts of all lengths, that add up to less than 2^64; times of all signs, and none. */
const count = fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(0n, 2n ** 40n), fc.bigInt(2n ** 53n - 2n, 2n ** 63n - 1n));
const noTime = [0x7fff_ffff_ffff_ffffn, -0x8000_0000_0000_0000n] as const;
const times = fc.oneof(
  fc.constant(noTime),
  fc.tuple(fc.bigInt(-(2n ** 63n), 2n ** 63n - 2n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  fc.tuple(fc.bigInt(-20n, 20n), fc.bigInt(-20n, 20n)),
);
const direction = fc.tuple(count, count, times).map(([packets, bytes, [first, last]]) => [packets, bytes, first, last]);
/** Groups of an IPv6 address, many of them zero; an IPv4 address; an IPv4 address within IPv6. */
const group = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0n) },
  fc.bigInt(0n, 0xffffn),
  fc.constantFrom(1n, 0x0a0n, 0xffffn),
);
const words = (groups: readonly bigint[]): [bigint, bigint] => [
  groups.slice(0, 4).reduce((word, part) => (word << 16n) | part, 0n),
  groups.slice(4).reduce((word, part) => (word << 16n) | part, 0n),
];
const address6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map(words),
  fc.bigInt(0n, 0xffff_ffffn).map((low): [bigint, bigint] => [0n, (0xffffn << 32n) | low]),
);
const address4 = fc.bigInt(0n, 0xffff_ffffn).map((low): [bigint, bigint] => [0n, low]);

const conversation = fc
  .tuple(fc.boolean(), address6, address6, address4, address4, fc.nat(65_535), fc.nat(65_535), fc.constantFrom(6n, 17n))
  .chain(([six, a6, b6, a4, b4, a, b, kind]) =>
    fc.tuple(direction, direction).map(([out, back]) => {
      const ports = ((six ? 1n : 0n) << 40n) | (BigInt(a) << 24n) | (BigInt(b) << 8n) | kind;
      return [...out, ...(six ? [...a6, ...b6] : [...a4, ...b4]), ports, ...back];
    }),
  );
const endpoint = fc
  .tuple(fc.boolean(), address6, address4, fc.array(count, { minLength: 6, maxLength: 6 }))
  .map(([six, a6, a4, counts]) => [...(six ? a6 : a4), six ? 6n : 4n, ...counts]);

/** These cells of 64 bits as rows of the same kind. */
function rowsOf<T>(like: PackedRows<T>, cells: readonly (readonly bigint[])[]): PackedRows<T> {
  const bytes = Buffer.alloc(8 * cells.flat().length);
  for (const [i, cell] of cells.flat().entries()) bytes.writeBigUInt64LE(BigInt.asUintN(64, cell), 8 * i);
  const { read } = like as unknown as { read: (view: DataView, at: number) => T };
  return new PackedRows(like.kind, bytes, read);
}

const arbitraryFacts = fc
  .tuple(fc.array(conversation, { minLength: 1, maxLength: 20 }), fc.array(endpoint, { minLength: 1, maxLength: 20 }))
  .map(([conversations, endpoints]) =>
    sampleEntry({
      top: rowsOf(packed(table.top), conversations) as never,
      top_times: rowsOf(packed(table.top_times), conversations) as never,
      endpoints: rowsOf(packed(table.endpoints), endpoints) as never,
    }),
  );

/** The same with arrays of objects. */
const unpacked = (entry: ReturnType<typeof sampleEntry>) => ({
  ...entry,
  top: [...entry.top],
  top_times: [...entry.top_times],
  endpoints: [...entry.endpoints],
});

const boundedTable = scanWhole(smallCapture(manyPackets(2000)), { ...scanOptions, conversationsMax: 300 }, undefined, {
  ...reportOptions,
  top: 100_000,
  packedRows: true,
}) as CaptureFacts;

/** The same rows as a full table tells them, the odd ones within bounds. */
function asBounded(entry: ReturnType<typeof sampleEntry>): ReturnType<typeof sampleEntry> {
  const { bytes } = packed(entry.top);
  const cells = Array.from({ length: bytes.length / 8 }, (_, i) => Buffer.from(bytes).readBigUInt64LE(8 * i));
  const rows = Array.from({ length: cells.length / 13 }, (_, row) =>
    cells.slice(13 * row, 13 * row + 13).map((cell, i) => (i === 8 && row % 2 === 1 ? cell | (1n << 41n) : cell)),
  );
  const ends = packed(entry.endpoints);
  const six = Array.from({ length: ends.length }, (_, i) => [
    ...Array.from({ length: 9 }, (_, j) => Buffer.from(ends.bytes).readBigUInt64LE(72 * i + 8 * j)),
    ...[BigInt(i), 2n ** 50n],
  ]);
  return {
    ...entry,
    top: rowsOf(packed(boundedTable.top), rows) as never,
    top_times: rowsOf(packed(boundedTable.top_times), rows) as never,
    endpoints: rowsOf(packed(boundedTable.endpoints), six) as never,
  };
}

describe('the text of packed rows is that of the objects they stand for', () => {
  test('as JSON', () => {
    holds(
      arbitraryFacts,
      (entry) => {
        const document = { schemaVersion: 1, results: [entry, entry] };
        const expected = toCanonicalJson({ schemaVersion: 1, results: [unpacked(entry), unpacked(entry)] });
        expect(text(jsonPieces(document, () => writer))).toBe(expected);
        expect(toCanonicalJson(document)).toBe(expected);
        expect(JSON.stringify(entry.top.slice(0, 1).map(({ a }) => a))).toBe(JSON.stringify([entry.top.at(0)!.a]));
      },
      200,
    );
  });

  test.each(['conversations', 'endpoints'] as const)('as CSV of %s', (name) => {
    holds(
      fc.tuple(
        arbitraryFacts,
        fc.constantFrom('a.pcap', 'with,comma and "quotes"', 'ä\u{1f600}.pcap', 'n'.repeat(4000)),
      ),
      ([entry, file]) => {
        const entries = [{ ...entry, file }];
        expect(text(csvDocument(name, entries))).toBe(text(csvDocument(name, entries.map(unpacked))));
      },
      200,
    );
  });
});

describe('the Parquet columns of packed rows', () => {
  const scratch = scratchFolder();
  /** The bytes of both tables, or why there are none. */
  const filesOf = (entry: ReturnType<typeof sampleEntry>): string => {
    const folder = new ParquetFolder(scratch.path, 1000);
    try {
      folder.add(entry);
      folder.write();
    } catch (error) {
      return String(error);
    }
    return ['conversations', 'endpoints']
      .map((name) =>
        createHash('sha256')
          .update(readFileSync(join(scratch.path, `${name}.parquet`)))
          .digest('hex'),
      )
      .join();
  };

  test.each(['conversations', 'boundedConversations'] as const)('are those of the objects: %s', (kind) => {
    let written = 0;
    holds(
      arbitraryFacts,
      (entry) => {
        const facts = kind === 'conversations' ? entry : asBounded(entry);
        const files = filesOf(facts);
        expect(files).toBe(filesOf(unpacked(facts)));
        if (!files.startsWith('Error')) written++;
      },
      50,
    );
    expect(written).toBeGreaterThan(0);
  });
});

describe('a long table', () => {
  const long = rowsOf(
    packed<EndpointRow>(table.endpoints),
    Array.from({ length: 60_000 }, (_, i) => [0n, BigInt(i), 4n, 1n, 2n, 3n, 4n, 5n, BigInt(i) << 40n]),
  );
  const entry = sampleEntry({ endpoints: long as never });

  test('is written in pieces of a few megabytes', () => {
    const pieces = [...jsonPieces({ results: [entry] }, () => writer)];
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(2 * 1024 * 1024);
    expect(text(pieces)).toBe(toCanonicalJson({ results: [unpacked(entry)] }));
  });

  test('is written as objects where the name of its file is longer than a template may be', () => {
    const file = `${'long/'.repeat(20_000)}.pcap`;
    const some = { ...entry, file, endpoints: long.slice(0, 3) as never };
    expect(text(csvDocument('endpoints', [some]))).toBe(text(csvDocument('endpoints', [unpacked(some)])));
  });

  test('is packed only when it is asked for, and from some rows on', () => {
    const told = (top: number, packedRows?: boolean): CaptureFacts =>
      scanWhole(smallCapture(manyPackets(2000)), scanOptions, undefined, {
        ...reportOptions,
        top,
        packedRows,
      }) as CaptureFacts;
    expect(Array.isArray(told(2000).top)).toBe(true);
    expect(Array.isArray(told(packedRowsMin - 1, true).top)).toBe(true);
    expect(told(packedRowsMin, true).top).toBeInstanceOf(PackedRows);
    expect(toCanonicalJson(told(2000, true))).toBe(toCanonicalJson(told(2000)));
  });

  test('gives rows and parts as an array does', () => {
    const rows = [...long];
    expect(long.at(7)).toEqual(rows.at(7));
    expect(long.at(-1)).toEqual(rows.at(-1));
    expect(long.at(long.length)).toBeUndefined();
    for (const [from, to] of [
      [0, 5],
      [10, 3],
      [-4, -1],
      [59_998, 70_000],
      [5, undefined],
    ] as const)
      expect([...long.slice(from, to)]).toEqual(rows.slice(from, to));
    expect(long.slice(2, 4).map((row, i) => [i, row.address])).toEqual([
      [0, '0.0.0.2'],
      [1, '0.0.0.3'],
    ]);
  });
});

test('a long array of rows is told row by row, and is never one text', () => {
  const document = { results: [{ file: 'a', top: Array.from({ length: 12_000 }, (_, i) => ({ i, way: [i] })) }] };
  const pieces = [...jsonPieces(document, () => writer)];
  expect(pieces.join('')).toBe(toCanonicalJson(document));
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(200);
});
