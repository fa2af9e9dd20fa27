import { writeSync } from 'node:fs';

import { address4, frame, ipv4, linkTypes, udp, zeros } from '../../test/support/capture-builder.js';
import { writeWhole } from './repeat.js';

const payloadBytes = 18;
const batchPackets = 65_536;

/**
 * Writes a capture of tiny packets (60 bytes) that visit `conversations` distinct conversations in an order
 * that no cache foresees: every conversation once before any comes again.
 */
export function writeCold(path: string, bytes: number, conversations: number): void {
  const packet = ipv4({
    source: address4(0),
    target: address4(1),
    protocol: 17,
    payload: udp({ source: 1000, target: 53 }, zeros(payloadBytes)),
  });
  const bytesOfFrame = frame(linkTypes.ethernet, 4, packet);
  const recordBytes = 16 + bytesOfFrame.length;
  const batch = Buffer.alloc(batchPackets * recordBytes);
  for (let i = 0; i < batchPackets; i++) {
    const at = i * recordBytes;
    batch.writeUInt32LE(bytesOfFrame.length, at + 8);
    batch.writeUInt32LE(bytesOfFrame.length, at + 12);
    batch.set(bytesOfFrame, at + 16);
  }
  const stride = coprimeStride(conversations);
  let conversation = 0;
  let count = 0;
  writeWhole(path, (fd) => {
    for (let written = 0; written < bytes; written += batch.length) {
      for (let i = 0; i < batchPackets; i++, count++) {
        const at = i * recordBytes;
        batch.writeUInt32LE(1_600_000_000 + Math.floor(count / 1_000_000), at);
        batch.writeUInt32LE(count % 1_000_000, at + 4);
        // 28 bits of the conversation's number: 24 in the source address, the rest in its port.
        batch.writeUInt32BE((0x0a00_0000 | (conversation & 0xff_ffff)) >>> 0, at + 16 + 14 + 12);
        batch.writeUInt16BE(1000 + (conversation >>> 24), at + 16 + 14 + 20);
        conversation = (conversation + stride) % conversations;
      }
      writeSync(fd, batch);
    }
  });
}

/** About 0.618 of the number, and without a common divisor, so that the walk meets every number. */
function coprimeStride(modulus: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  let stride = Math.max(1, Math.floor(modulus * 0.618));
  while (divisor(stride, modulus) !== 1) stride++;
  return stride;
}
