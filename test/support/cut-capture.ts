import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { gzipped, join, lz4Packed, zstdStored } from './capture-builder.js';

const packetBlocks = new Set([2, 3, 6]);

/**
 * Cuts an unpacked capture into files as a ring of files has it: each begins with the header that is in force
 * where it is cut, and a cut is always before a packet. What follows the last whole record stays in the last
 * file.
 * @param packets of each file; the last may have fewer
 */
export function cutCapture(capture: Uint8Array, packets: number): Uint8Array[] {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength);
  return view.byteLength >= 4 && view.getUint32(0, true) === 0x0a0d0d0a
    ? cutBlocks(capture, view, packets)
    : cutClassic(capture, view, packets);
}

function cutClassic(capture: Uint8Array, view: DataView, packets: number): Uint8Array[] {
  const magic = view.byteLength < 24 ? 0 : view.getUint32(0, true);
  const little = [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34].includes(magic);
  const head = [0xa1b2cd34, 0x34cdb2a1].includes(magic) ? 24 : 16;
  const old = view.byteLength >= 24 && (view.getUint16(6, little) < 3 || view.getUint16(4, little) === 543);
  const header = capture.subarray(0, 24);
  const files: Uint8Array[] = [];
  let from = 24;
  let count = 0;
  let at = 24;
  while (at + head <= capture.length) {
    const next = at + head + view.getUint32(at + (old ? 12 : 8), little);
    if (next > capture.length) break;
    if (count === packets) {
      files.push(join(header, capture.subarray(from, at)));
      [from, count] = [at, 0];
    }
    count++;
    at = next;
  }
  files.push(join(header, capture.subarray(from)));
  return files;
}

function cutBlocks(capture: Uint8Array, view: DataView, packets: number): Uint8Array[] {
  let little = true;
  let headers: Uint8Array[] = [];
  const files: Uint8Array[] = [];
  let lead: Uint8Array[] = [];
  let from = 0;
  let count = 0;
  for (let at = 0; at + 12 <= capture.length;) {
    const section = view.getUint32(at, true) === 0x0a0d0d0a;
    if (section) little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0 || at + length > capture.length) break;
    if (view.getUint32(at + length - 4, little) !== length) break;
    const type = view.getUint32(at, little);
    const block = capture.subarray(at, at + length);
    if (packetBlocks.has(type)) {
      if (count === packets) {
        files.push(join(...lead, capture.subarray(from, at)));
        [from, count, lead] = [at, 0, headers];
      }
      count++;
    } else if (section) headers = [block];
    else if (type === 1) headers = [...headers, block];
    at += length;
  }
  files.push(join(...lead, capture.subarray(from)));
  return files;
}

/**
 * Writes the files into a folder, each third packed with gzip each fifth with zstd and each seventh with LZ4. @returns their paths, shuffled
 */
export function writeRing(folder: string, files: readonly Uint8Array[], packed = true): string[] {
  const paths = files.map((bytes, i) => {
    const [ending, content] = packed ? packedAs(i, bytes) : ['', bytes];
    const path = joinPath(folder, `ring${i}.pcap${ending}`);
    writeFileSync(path, content);
    return path;
  });
  return shuffled(paths);
}

/** The ending and the content of the file of this number, where some are packed. */
export function packedAs(i: number, bytes: Uint8Array): [string, Uint8Array] {
  if (i % 3 === 1) return ['.gz', gzipped(bytes)];
  if (i % 5 === 2) return ['.zst', zstdStored(bytes)];
  return i % 7 === 3 ? ['.lz4', lz4Packed(bytes)] : ['', bytes];
}

/** Another order, always the same one. */
export function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value, i) => ({ value, key: (i * 7919 + 13) % 10_007 }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
