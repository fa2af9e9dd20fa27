import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

import { classicHeader } from '../../test/support/capture-builder/classic-capture.js';
import type { Template } from './template.js';

const secondsOfFirst = 1_600_000_000n;

/**
 * Writes a capture of at least `bytes` bytes (at most one record more) by repeating the template. Repetition r happens
 * after r - 1; its addresses are those of the template with r modulo `distinct` laid over their upper bits, so that the
 * whole has `distinct` times the template's conversations. Memory: the template only.
 */
export function writeRepeated(path: string, template: Template, bytes: number, distinct: number): void {
  writeWhole(path, (fd) => {
    let written = 0;
    for (let repetition = 0; written < bytes; repetition++) {
      const records = Buffer.from(template.records);
      patch(records, template, repetition, repetition % distinct);
      written += writeSync(fd, records.subarray(0, endOf(template, bytes - written)));
    }
  });
}

/** Writes beside and renames, so that an interrupted run leaves no half capture under the name. */
export function writeWhole(path: string, body: (fd: number) => void): void {
  const beside = `${path}.part`;
  const fd = openSync(beside, 'w');
  try {
    writeSync(fd, classicHeader());
    body(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, path);
}

/** Where the record ends that reaches `bytes`, or the template's end. */
function endOf({ records, recordOffsets }: Template, bytes: number): number {
  if (bytes >= records.length) return records.length;
  for (const offset of recordOffsets) if (offset >= bytes) return offset;
  return records.length;
}

function patch(records: Buffer, template: Template, repetition: number, mask: number): void {
  const shift = secondsOfFirst * 1_000_000n + BigInt(repetition) * template.durationMicroseconds;
  const shiftSeconds = Number(shift / 1_000_000n);
  const shiftMicros = Number(shift % 1_000_000n);
  const { recordOffsets, ipOffsets, ipVersions } = template;
  for (let i = 0; i < recordOffsets.length; i++) {
    const at = recordOffsets[i];
    const micros = records.readUInt32LE(at + 4) + shiftMicros;
    const carry = micros >= 1_000_000 ? 1 : 0;
    records.writeUInt32LE((records.readUInt32LE(at) + shiftSeconds + carry) >>> 0, at);
    records.writeUInt32LE(micros - carry * 1_000_000, at + 4);
    if (mask === 0 || ipOffsets[i] < 0) continue;
    const captured = at + 16 + records.readUInt32LE(at + 8);
    // Source and target: the first two bytes of IPv4 addresses, bytes 4 and 5 of IPv6 ones.
    const places = ipVersions[i] === 4 ? [12, 16] : [12, 28];
    for (const place of places) lay(records, at + ipOffsets[i] + place, mask, captured);
  }
}

function lay(records: Buffer, at: number, mask: number, end: number): void {
  if (at + 2 <= end) records.writeUInt16BE(records.readUInt16BE(at) ^ mask, at);
}
