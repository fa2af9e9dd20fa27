import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { networkHeader } from '../../test/support/oracle/link-layer.js';
import { oracleReading } from '../../test/support/oracle/index.js';

/** Longest pause between two packets that is kept: real captures of different years would else make one of decades. */
const pauseMicrosecondsMax = 1_000_000n;

/**
 * Ethernet packets of real captures as one run of classic records, and what has to change from repetition to
 * repetition.
 */
export interface Template {
  /** Records, one after the other, little-endian, with times from 0. */
  readonly records: Buffer;
  /** Offset of each record in `records`, and of the IP header in it (-1: not IP) with its version. */
  readonly recordOffsets: Uint32Array;
  readonly ipOffsets: Int32Array;
  readonly ipVersions: Uint8Array;
  readonly durationMicroseconds: bigint;
}

/** Files named, and those directly or deeper in folders named. */
export function captureFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && /\.(p?cap|pcapng)$/.test(entry.name))
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path],
  );
}

/**
 * Takes the Ethernet packets of every file that is a sound capture; the others are left out. Of each packet
 * at most `snap` bytes are kept; its original length stays as it is.
 */
export function readTemplate(files: readonly string[], snap = Infinity): Template {
  const parts: Buffer[] = [];
  const offsets: number[] = [];
  const ips: { offset: number; version: number }[] = [];
  let length = 0;
  let clock = 0n;
  for (const file of files) {
    const reading = oracleReading(readFileSync(file));
    if (reading === null || reading.damaged) continue;
    let before: bigint | null = null;
    for (const packet of reading.packets) {
      if (packet.linkType !== 1) continue;
      const micros = (packet.timeNs ?? 0n) / 1000n;
      clock += before === null ? 1n : clamp(micros - before);
      before = micros;
      const network = networkHeader(1, packet.bytes, packet.order);
      ips.push(
        network === null
          ? { offset: -1, version: 0 }
          : { offset: 16 + packet.bytes.length - network.bytes.length, version: network.version },
      );
      offsets.push(length);
      const captured = packet.bytes.subarray(0, Math.min(packet.bytes.length, snap));
      parts.push(recordHeader(clock, captured.length, packet.originalLength), Buffer.from(captured));
      length += 16 + captured.length;
    }
  }
  if (offsets.length === 0) throw new Error('no Ethernet packet in the captures named');
  return {
    records: Buffer.concat(parts),
    recordOffsets: Uint32Array.from(offsets),
    ipOffsets: Int32Array.from(ips.map(({ offset }) => offset)),
    ipVersions: Uint8Array.from(ips.map(({ version }) => version)),
    durationMicroseconds: clock + 1n,
  };
}

function clamp(pause: bigint): bigint {
  return pause < 0n ? 0n : pause > pauseMicrosecondsMax ? pauseMicrosecondsMax : pause;
}

function recordHeader(micros: bigint, captured: number, original: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Number(micros / 1_000_000n), 0);
  header.writeUInt32LE(Number(micros % 1_000_000n), 4);
  header.writeUInt32LE(captured, 8);
  header.writeUInt32LE(original, 12);
  return header;
}
