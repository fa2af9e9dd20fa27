import { pourBytes } from '../captures/file/pour.js';
import { loadScanModule } from '../captures/scan/scan-module.js';
import { wholeFilePlan } from '../pcap/chunk-plans.js';
import { ChunkScanner } from '../pcap/chunk-scanner.js';
import type { ScanOptions } from '../pcap/types.js';

/** Packets of the made-up capture; with their bytes it is some 1.4 MB, and a scan of it takes about a millisecond. */
const packets = 4096;
const packetBytes = 330;
const rounds = 5;

/** Conversations among them: few enough to be warm, as in most captures. */
const conversations = 512;

const options: ScanOptions = { intervalNs: null, conversationsMax: 65_536, connection: null };

let measured: number | undefined;

/**
 * Seconds that one byte of a capture takes, measured once on a made-up one of TCP packets as large as real
 * ones are on average.
 */
export function scanSecondsPerByte(): number {
  return (measured ??= measure());
}

function measure(): number {
  const capture = madeUpCapture();
  let best = Infinity;
  // The first round runs code that is not optimised yet; the least of the others is what a long scan settles at.
  for (let round = 0; round < rounds; round++) {
    const scanner = new ChunkScanner(loadScanModule(), wholeFilePlan, options);
    // Setting up is left out: it would make long chunks look slow.
    const start = performance.now();
    pourBytes(capture, scanner);
    best = Math.min(best, (performance.now() - start) / 1000);
    scanner.cancel();
  }
  return best / capture.length;
}

function madeUpCapture(): Uint8Array {
  const recordBytes = 16 + packetBytes;
  const bytes = new Uint8Array(24 + packets * recordBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262_144, true);
  // Link type 1: Ethernet.
  view.setUint32(20, 1, true);
  for (let packet = 0; packet < packets; packet++) {
    const record = 24 + packet * recordBytes;
    view.setUint32(record, 1_700_000_000, true);
    view.setUint32(record + 4, packet, true);
    view.setUint32(record + 8, packetBytes, true);
    view.setUint32(record + 12, packetBytes, true);
    const frame = record + 16;
    view.setUint16(frame + 12, 0x0800);
    const ip = frame + 14;
    bytes[ip] = 0x45;
    view.setUint16(ip + 2, packetBytes - 14);
    bytes[ip + 8] = 64;
    // TCP from 10.0.x.x to 10.1.0.1.
    bytes[ip + 9] = 6;
    view.setUint32(ip + 12, 0x0a000000 + (packet % conversations));
    view.setUint32(ip + 16, 0x0a010001);
    view.setUint16(ip + 20, 40_000);
    view.setUint16(ip + 22, 443);
    bytes[ip + 32] = 0x50;
  }
  return bytes;
}
