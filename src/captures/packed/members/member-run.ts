import { crc32 } from 'node:zlib';
import { gzipHeaderEnd } from '../gzip-header.js';
import { newInflater } from '../inflate-module.js';

/**
 * Packed bytes given to the inflater at once; what it has left over from the step before has room beside
 * them.
 */
const stepBytes = 32 * 1024;

/**
 * Places that look like a member and are none, after which no more are tried: a range that has no start is
 * read in order.
 */
export const triesMax = 16;

/**
 * Members one after the other in a range of a file: whole ones, each with the CRC and length that its trailer
 * says.
 */
export interface MemberRun {
  /** Where the first one begins, and the last one ends. */
  readonly start: number;
  readonly end: number;
  /** Bytes that they inflate to. */
  readonly length: number;
}

/**
 * Inflates runs of gzip members (RFC 1952) that lie in memory. Whatever is unusual ends a run: who reads in
 * order says what it is.
 */
export class MemberRunner {
  private readonly wasm = newInflater();

  /**
   * @param bytes part of a file, with what is behind `to` as far as a member may reach
   * @param to members that begin behind it belong to the next range
   * @param out where the inflated bytes go; what would not fit ends the run before its member
   * @returns places in `bytes`; null: no member was found
   */
  run(bytes: Uint8Array, to: number, out: Uint8Array): MemberRun | null {
    const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let tries = 0, at = 0; tries < triesMax; tries++, at++) {
      at = searched.indexOf('\x1f\x8b\x08', at, 'latin1');
      if (at === -1 || at >= to) return null;
      const run = this.from(bytes, at, to, out);
      if (run !== null) return run;
    }
    return null;
  }

  private from(bytes: Uint8Array, start: number, to: number, out: Uint8Array): MemberRun | null {
    let end = start;
    let length = 0;
    while (end < to) {
      const member = this.member(bytes, end, out, length);
      if (member === null) break;
      ({ end, length } = member);
    }
    return end === start ? null : { start, end, length };
  }

  /** Inflates one member behind `length` bytes of `out`. Null: it is not whole, not sound, or too long. */
  private member(
    bytes: Uint8Array,
    start: number,
    out: Uint8Array,
    length: number,
  ): { end: number; length: number } | null {
    const wasm = this.wasm;
    let at = gzipHeaderEnd(bytes, start);
    if (at === null) return null;
    wasm.reset();
    let full = length;
    for (;;) {
      const step = bytes.subarray(at, at + stepBytes);
      if (step.length === 0) return null;
      new Uint8Array(wasm.memory.buffer, wasm.inputAt(), step.length).set(step);
      at += step.length;
      let status = wasm.inflate(step.length);
      for (;;) {
        const count = wasm.outputBytes();
        if (full + count > out.length) return null;
        out.set(new Uint8Array(wasm.memory.buffer, wasm.outputAt(), count), full);
        full += count;
        if (status !== wasm.OUTPUT_FULL.value) break;
        status = wasm.inflate(0);
      }
      if (status === wasm.DAMAGED.value) return null;
      if (status === wasm.ENDED.value) break;
    }
    const trailer = at - wasm.unusedBytes();
    if (trailer + 8 > bytes.length) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset + trailer, 8);
    const sound = view.getUint32(0, true) === crc32(out.subarray(length, full));
    return sound && view.getUint32(4, true) === full - length ? { end: trailer + 8, length: full } : null;
  }
}
