import { gzipSync } from 'node:zlib';
import { inflateGzip } from '../../../src/captures/packed/gzip-stream.js';
import { inflateMembers } from '../../../src/captures/packed/members/member-stream.js';
import { inflateLz4 } from '../../../src/captures/packed/lz4-stream.js';
import { inflateZstd } from '../../../src/captures/packed/zstd-stream.js';
import type { Inflated } from '../../../src/captures/packed/inflated.js';
import { wholeFilePlan } from '../../../src/pcap/chunk-plans.js';
import { ChunkScanner } from '../../../src/pcap/chunk-scanner.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import { gzipped, lz4Legacy, lz4Packed, zstdStored, text } from '../../support/capture-builder.js';
import { headerOf, plansAt, scanModule, scanSplit, scanWhole, scanOptions } from '../../support/engine.js';
import { aligned, inMembers, memberSource } from '../../support/member-source.js';
import { inflatedWhole, inPieces } from '../../support/streams.js';
import { captureBytesMax, captureSeeds } from '../corpus.js';
import { must, type FuzzTarget } from '../target.js';

/** Magics, block types, and lengths at the formats' edges. */
const words: readonly Uint8Array[] = [
  ...['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a', '1a2b3c4d', '4d3c2b1a'],
  ...['00000001', '01000000', '02000000', '03000000', '06000000', '0c000000', 'fcffffff', 'ffffffffffffffff'],
  ...['02000400', '00020004', '09000100', '0e000800'],
].map((hex) => Buffer.from(hex, 'hex'));

/** The engine takes no more memory than this for an input of some kilobytes, whatever it says. */
export const scanOptionsOfFuzz = { ...scanOptions, conversationsMax: 4096, names: true };

export const capture: FuzzTarget = {
  name: 'capture',
  what: 'pcap and pcapng files, scanned as a whole; every eighth reported, and scanned once more in pieces',
  seeds: captureSeeds,
  words,
  bytesMax: captureBytesMax,
  run: (input) => {
    // To tell what was counted costs more than to count it.
    if (input.length % 8 !== 0) return scanOnly(input);
    const report = scanWhole(input, scanOptionsOfFuzz);
    if (report.error === 'not-a-capture') return;
    must(Number(report.packets) * 8 <= input.length, `${report.packets} packets fit ${input.length} bytes`);
    must(Number(report.captured_bytes) <= input.length, 'no more bytes are captured than there are');
    const inPieces = scanWhole(input, scanOptionsOfFuzz, [1, 7, 64, 3]);
    must(toCanonicalJson(inPieces) === toCanonicalJson(report), 'the pieces in which a file comes change nothing');
  },
};

function scanOnly(input: Uint8Array): void {
  const scanner = new ChunkScanner(scanModule, wholeFilePlan, scanOptionsOfFuzz);
  for (let at = 0; at < input.length && !scanner.done;) {
    const space = scanner.space();
    const count = Math.min(space.length, input.length - at);
    must(count > 0, 'there is space while more is wanted');
    space.set(input.subarray(at, at + count));
    scanner.filled(count);
    at += count;
    must(scanner.position <= input.length, 'no record ends behind the end');
  }
  scanner.cancel();
}

export const captureSplit: FuzzTarget = {
  name: 'capture-split',
  what: 'pcap and pcapng files, cut anywhere and merged: the answer is that of one core',
  seeds: captureSeeds,
  words,
  bytesMax: captureBytesMax,
  run: (input) => {
    const whole = toCanonicalJson(scanWhole(input, scanOptionsOfFuzz));
    const header = headerOf(input);
    const cuts = [0.3, 0.55, 0.8]
      .map((share) => Math.floor(input.length * share))
      .filter((cut, i, all) => cut > header.firstRecord && cut < input.length && cut !== all[i - 1]);
    const split = scanSplit(input, plansAt(header, cuts), scanOptionsOfFuzz);
    must(toCanonicalJson(split.report) === whole, 'cutting a file changes nothing');
  },
};

/** Packed bytes may hold far more than the fuzzer can wait for: what comes after this is not looked at. */
const inflatedBytesLooked = 4 * 1024 * 1024;

async function inflate(input: Uint8Array, how: (stream: AsyncIterable<Uint8Array>) => Inflated): Promise<void> {
  const inflated = how(inPieces(input, 1 + (input.length % 900)));
  let bytes = 0;
  for await (const piece of inflated.bytes) {
    must(piece.length <= 32 * 1024 * 1024, 'a step gives a bounded piece');
    bytes += piece.length;
    if (bytes > inflatedBytesLooked) return;
  }
  const { truncated, damage } = inflated.outcome();
  must(!(truncated && damage !== null), 'a stream is cut or damaged, not both');
}

const plain = (): Uint8Array[] => captureSeeds().slice(0, 12);

/** zstd as the zstd tool packs it, with a checksum: 'trireme ' 64 times over. */
const zstdPacked = Buffer.from('KLUv/QRYfQAAQHRyaXJlbWUgAQD1UwsXtX5jog==', 'base64');

export const gzip: FuzzTarget = {
  name: 'gzip',
  what: 'gzip members and what is inside them',
  seeds: () => [
    ...plain().map((bytes) => gzipped(bytes)),
    ...plain().map((bytes) => gzipped(bytes, 3)),
    gzipSync(Buffer.alloc(300_000)),
    Buffer.from('H4sIHAAAAAAAAwMAYWJjbmFtZQBjb21tZW50AAMAAAAAAAAAAAA=', 'base64'),
  ],
  words: ['1f8b08', '1f8b', '0000ffff', '0300', 'ffff', '1c', '1f8b081f'].map((hex) => Buffer.from(hex, 'hex')),
  asynchronous: true,
  run: (input) => inflate(input, inflateGzip),
};

export const gzipMembers: FuzzTarget = {
  name: 'gzip-members',
  what: 'gzip members that are inflated by ranges of the file, against the same on one core',
  seeds: () => [
    ...plain().map((bytes) => inMembers(bytes, 150)),
    Buffer.concat([inMembers(Buffer.alloc(2000), 300), Buffer.alloc(50), gzipSync(gzipSync('inner'), { level: 0 })]),
  ],
  words: gzip.words,
  asynchronous: true,
  run: (input) => sameAsOneCore(input, { rangeBytes: 300, pieceBytes: 1000, outBytesMax: 100_000 }),
};

export const gzipParts: FuzzTarget = {
  name: 'gzip-parts',
  what: 'a long gzip member that is inflated in parts, against the same on one core',
  seeds: () =>
    [1, 6, 9].map((level) =>
      gzipSync(Buffer.concat([...plain(), ...plain(), Buffer.alloc(40_000)]), { level, memLevel: 1 }),
    ),
  words: ['0000ffff', '04', '05', 'edc0', '010300fcff'].map((hex) => Buffer.from(hex, 'hex')),
  bytesMax: 65_536,
  asynchronous: true,
  run: (input) => sameAsOneCore(input, { rangeBytes: 1500, pieceBytes: 512, outBytesMax: 100_000 }),
};

async function sameAsOneCore(
  input: Uint8Array,
  options: { pieceBytes: number; [name: string]: number },
): Promise<void> {
  const threads = await inflatedWhole(inflateMembers(memberSource(input, options)));
  const one = await inflatedWhole(inflateGzip(aligned(input, options.pieceBytes)));
  must(threads.bytes.equals(one.bytes), 'threads give the bytes of one core');
  must(JSON.stringify({ ...threads, bytes: 0 }) === JSON.stringify({ ...one, bytes: 0 }), 'and end as it does');
}

export const zstd: FuzzTarget = {
  name: 'zstd',
  what: 'zstd frames and what is inside them',
  seeds: () => [
    zstdPacked,
    zstdStored(text('trireme')),
    ...plain().map((bytes) => zstdStored(bytes)),
    Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), text('skip'), zstdStored(text('after'))]),
    // A block of 128 KiB of one byte.
    Buffer.from('28b52ffd2058030010' + '00', 'hex'),
  ],
  words: ['28b52ffd', '502a4d18', '5f2a4d18ffffffff', '020000', '030010', 'e0', '00ffff', '010000'].map((hex) =>
    Buffer.from(hex, 'hex'),
  ),
  asynchronous: true,
  run: (input) => inflate(input, inflateZstd),
};

export const lz4: FuzzTarget = {
  name: 'lz4',
  what: 'LZ4 frames and what is inside them',
  seeds: () => [
    lz4Packed(text('trireme'.repeat(90)), { blockChecksums: true, contentSize: true }),
    lz4Packed(text('trireme'.repeat(90)), { linked: true, contentChecksum: false, blockBytes: 100, blockSizeCode: 4 }),
    lz4Legacy(text('trireme'.repeat(90))),
    ...plain().map((bytes) => lz4Packed(bytes, { contentChecksum: false })),
    Buffer.concat([Buffer.from('502a4d1804000000', 'hex'), text('skip'), lz4Legacy(text('after'))]),
  ],
  words: [
    '04224d18',
    '02214c18',
    '502a4d18',
    '5f2a4d18ffffffff',
    'ffff',
    '0100',
    '1f',
    'ffffff',
    '00000080',
    '00000000',
  ].map((hex) => Buffer.from(hex, 'hex')),
  asynchronous: true,
  run: (input) => inflate(input, inflateLz4),
};
