import { loadScanModule } from '../../src/captures/scan/scan-module.js';
import { ChunkScanner } from '../../src/pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../src/pcap/chunk-plans.js';
import { Kernel } from '../../src/pcap/kernel.js';
import { addPartial } from '../../src/pcap/partial-reader.js';
import type { ScanOptions } from '../../src/pcap/types.js';

/** What adding up one result costs the merging thread of a master. */
export interface MergeCosts {
  readonly secondsPerChunk: number;
  readonly secondsPerEntry: number;
  readonly bytesPerEntry: number;
}

const options: ScanOptions = { intervalNs: null, conversationsMax: 4_194_304, connection: null };
const entries = 500_000;
const rounds = 5;

/** Measures it with partial results as workers give them, whose conversations are in the table already. */
export function mergeCosts(): MergeCosts {
  const [small, large] = [partialOf(1), partialOf(entries)];
  const perChunk = secondsOf(small, 200);
  return {
    secondsPerChunk: perChunk,
    secondsPerEntry: (secondsOf(large, 1) - perChunk) / entries,
    bytesPerEntry: (large.length - small.length) / entries,
  };
}

function secondsOf(partial: Uint8Array, times: number): number {
  const kernel = Kernel.acquire(loadScanModule(), options);
  let best = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const begin = performance.now();
    for (let i = 0; i < times; i++) addPartial(kernel, partial);
    // The first round makes the table.
    if (round > 0) best = Math.min(best, (performance.now() - begin) / 1000 / times);
  }
  kernel.release();
  return best;
}

/** The result of a capture of UDP packets, each of a conversation of its own. */
function partialOf(packets: number): Uint8Array {
  const packetBytes = 42;
  const capture = Buffer.alloc(24 + packets * (16 + packetBytes));
  capture.writeUInt32LE(0xa1b2c3d4, 0);
  capture.writeUInt16LE(2, 4);
  capture.writeUInt16LE(4, 6);
  capture.writeUInt32LE(262_144, 16);
  capture.writeUInt32LE(1, 20);
  for (let i = 0; i < packets; i++) {
    const at = 24 + i * (16 + packetBytes);
    capture.writeUInt32LE(1_700_000_000, at);
    capture.writeUInt32LE(packetBytes, at + 8);
    capture.writeUInt32LE(packetBytes, at + 12);
    capture.writeUInt16BE(0x0800, at + 28);
    capture[at + 30] = 0x45;
    capture.writeUInt16BE(packetBytes - 14, at + 32);
    capture[at + 39] = 17;
    capture.writeUInt32BE(0x0a000000 + i, at + 42);
    capture.writeUInt32BE(0x0b000000, at + 46);
    capture.writeUInt32BE(0x00350035, at + 50);
  }
  const scanner = new ChunkScanner(loadScanModule(), wholeFilePlan, options);
  for (let at = 0; at < capture.length;) {
    const space = scanner.space();
    const count = Math.min(space.length, capture.length - at);
    space.set(capture.subarray(at, at + count));
    scanner.filled(count);
    at += count;
  }
  return scanner.end().partial;
}
