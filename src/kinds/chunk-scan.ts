import { createReadStream } from 'node:fs';
import type { ByteStream } from '../captures/byte-reader.js';
import { inflate } from '../captures/byte-stream.js';
import type { Compression } from '../captures/compression.js';
import type { InflateOutcome } from '../captures/inflated.js';
import { FilePour } from '../captures/pour.js';
import { loadScanModule } from '../captures/scan-module.js';
import { ScanChunk, ScanChunkResult } from '../gen/trireme/v1/capture.js';
import { ChunkScanner } from '../pcap/chunk-scanner.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { secondsEach } from './measure.js';

/** What a SCAN_CHUNK job asks. */
export interface ScanTask {
  readonly plan: ChunkPlan;
  readonly options: ScanOptions;
  readonly compression: Compression | null;
}

/** How a scan hears and tells of the job around it. */
export interface ScanWatch {
  cancelled(): boolean;
  progress(bytes: number): void;
}

/** Bytes of the chunk, as its cost is counted. Throws when the payload is not a ScanChunk. */
export function bytesOf(payload: Uint8Array): number {
  const { planJson, identity } = ScanChunk.decode(payload);
  const { start, end } = JSON.parse(planJson) as ChunkPlan;
  const bytes = (end ?? Number(identity?.sizeBytes ?? 0n)) - start;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 1;
}

export function readTask(payload: Uint8Array): ScanTask {
  const { planJson, optionsJson, compression } = ScanChunk.decode(payload);
  return {
    plan: JSON.parse(planJson) as ChunkPlan,
    options: JSON.parse(optionsJson) as ScanOptions,
    compression: compression === '' ? null : (compression as Compression),
  };
}

/**
 * Scans the chunk from an open file or from bytes that begin at its start (at the file's start when it is packed).
 * @returns a ScanChunkResult, or null when the job was cancelled
 */
export async function scanTask(
  task: ScanTask,
  from: number | AsyncGenerator<Uint8Array>,
  watch: ScanWatch,
): Promise<Uint8Array | null> {
  const scanner = new ChunkScanner(loadScanModule(), task.plan, task.options);
  let outcome: InflateOutcome = { truncated: false, damage: null };
  let whole: boolean;
  if (task.compression !== null) {
    const packed = typeof from === 'number' ? createReadStream('', { fd: from, autoClose: false, start: 0 }) : from;
    let read = 0;
    const unpacked = await inflate(
      told(packed, (bytes) => watch.progress((read += bytes))),
      task.compression,
    );
    whole = await pour(unpacked.bytes, scanner, watch);
    outcome = unpacked.outcome();
  } else if (typeof from === 'number') {
    whole = pourFile(from, task.plan.start, scanner, watch);
  } else {
    let read = 0;
    whole = await pour(
      told(from, (bytes) => watch.progress((read += bytes))),
      scanner,
      watch,
    );
  }
  if (!whole) {
    scanner.cancel();
    return null;
  }
  const { partial, ...head } = scanner.end();
  return ScanChunkResult.encode({
    resultJson: JSON.stringify(head),
    partial: Buffer.from(partial.buffer, partial.byteOffset, partial.length),
    inputTruncated: outcome.truncated,
    inputDamage: outcome.damage ?? '',
  }).finish();
}

/** False: cancelled on the way. */
function pourFile(fd: number, start: number, scanner: ChunkScanner, watch: ScanWatch): boolean {
  const file = new FilePour(fd, scanner, start);
  let done = 0;
  for (let bytes = file.step(); bytes > 0; bytes = file.step()) {
    watch.progress((done += bytes));
    if (watch.cancelled()) return false;
  }
  return true;
}

async function pour(stream: ByteStream, scanner: ChunkScanner, watch: ScanWatch): Promise<boolean> {
  for await (const bytes of stream) {
    for (let at = 0; at < bytes.length && !scanner.done;) {
      const space = scanner.space();
      const count = Math.min(space.length, bytes.length - at);
      space.set(bytes.subarray(at, at + count));
      scanner.filled(count);
      at += count;
    }
    if (scanner.done) return true;
    if (watch.cancelled()) return false;
  }
  return !watch.cancelled();
}

/** The stream as it is, telling the bytes of each piece. */
async function* told(stream: ByteStream, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const bytes of stream) {
    tell(bytes.length);
    yield bytes;
  }
}

/** Bytes of the capture that the calibration scans: enough for a time of about a millisecond. */
const calibrationBytes = 1024 * 1024;
const packetBytes = 400;
const addresses = 256;

/** What one byte costs here: a capture of TCP packets among some hundred addresses, made in memory. */
export function secondsPerByte(): number {
  const capture = madeCapture();
  const module = loadScanModule();
  const options: ScanOptions = { intervalNs: null, conversationsMax: 10_000, connection: null };
  const plan: ChunkPlan = { start: 0, end: null, startCertain: true, state: null };
  const seconds = secondsEach(1, 5, () => {
    const scanner = new ChunkScanner(module, plan, options);
    for (let at = 0; at < capture.length;) {
      const space = scanner.space();
      const count = Math.min(space.length, capture.length - at);
      space.set(capture.subarray(at, at + count));
      scanner.filled(count);
      at += count;
    }
    scanner.end();
  });
  return seconds / capture.length;
}

/** A classic capture of Ethernet, IPv4, TCP. */
function madeCapture(): Buffer {
  const record = 16 + packetBytes;
  const count = Math.floor((calibrationBytes - 24) / record);
  const bytes = Buffer.alloc(24 + count * record);
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(262_144, 16);
  bytes.writeUInt32LE(1, 20);
  for (let packet = 0; packet < count; packet++) {
    const at = 24 + packet * record;
    bytes.writeUInt32LE(packet, at);
    bytes.writeUInt32LE(packetBytes, at + 8);
    bytes.writeUInt32LE(packetBytes, at + 12);
    bytes.writeUInt16BE(0x0800, at + 28);
    bytes[at + 30] = 0x45;
    bytes.writeUInt16BE(packetBytes - 14, at + 32);
    bytes[at + 38] = 64;
    bytes[at + 39] = 6;
    bytes.writeUInt32BE(0x0a000000 + (packet % addresses), at + 42);
    bytes.writeUInt32BE(0x0a000100, at + 46);
    bytes.writeUInt16BE(1024 + (packet % addresses), at + 50);
    bytes.writeUInt16BE(443, at + 52);
    bytes[at + 62] = 0x50;
  }
  return bytes;
}
