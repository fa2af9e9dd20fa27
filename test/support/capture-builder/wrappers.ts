import { gzipSync } from 'node:zlib';

import { join, u8, writer } from './bytes.js';

/** gzip, in as many members as asked, one after the other. */
export function gzipped(bytes: Uint8Array, members = 1): Uint8Array {
  const share = Math.ceil(bytes.length / members);
  const parts = Array.from({ length: members }, (_, i) => bytes.subarray(i * share, (i + 1) * share));
  return join(...parts.map((part) => gzipSync(part, { level: 1 })));
}

/** The largest block of a zstd frame. */
const zstdBlockBytesMax = 131_072;

/** A zstd frame of raw (stored) blocks, written by hand so that no zstd tool is needed: RFC 8878, 3.1.1. */
export function zstdStored(bytes: Uint8Array): Uint8Array {
  const { u32, u64 } = writer('little');
  // Single segment (no window descriptor), content size in 8 bytes, no checksum.
  const header = join(u32(0xfd2fb528), u8(0b1110_0000), u64(BigInt(bytes.length)));
  const blocks: Uint8Array[] = [];
  let at = 0;
  do {
    const part = bytes.subarray(at, at + zstdBlockBytesMax);
    at += part.length;
    const last = at >= bytes.length ? 1 : 0;
    blocks.push(u32((part.length << 3) | last).subarray(0, 3), part);
  } while (at < bytes.length);
  return join(header, ...blocks);
}

/** The first bytes only, as a copy that stops while still being written leaves them. */
export const cut = (bytes: Uint8Array, length: number): Uint8Array => bytes.slice(0, length);

/** Writes other bytes over some place. */
export function damaged(bytes: Uint8Array, offset: number, by: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy.set(by.subarray(0, Math.max(0, bytes.length - offset)), offset);
  return copy;
}
