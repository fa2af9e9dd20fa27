import { gzipSync } from 'node:zlib';
import { MemberRunner } from '../../src/captures/members/member-run.js';
import { memberBytesMax, type MemberSource } from '../../src/captures/members/member-stream.js';

/** What was asked of a source. */
export interface Asked {
  /** Ranges that were inflated, and the bytes that they gave. */
  ranges: number;
  bytes: number;
}

/** Bytes in memory, whose ranges are inflated when they are asked for: what threads give, without any. */
export function memberSource(
  bytes: Uint8Array,
  { rangeBytes = 5000, pieceBytes = 3000, outBytesMax = 1 << 20, asked = { ranges: 0, bytes: 0 } as Asked } = {},
): MemberSource {
  const runner = new MemberRunner();
  return {
    stream: (from) => aligned(bytes, pieceBytes, from),
    ranges: (first) => {
      const endOf = (number: number): number => Math.min(bytes.length, first + (number + 1) * rangeBytes);
      return {
        count: Math.ceil((bytes.length - first) / rangeBytes),
        endOf,
        result: (number) => {
          const from = first + number * rangeBytes;
          const to = endOf(number);
          const out = new ArrayBuffer(outBytesMax);
          const run = runner.run(bytes.subarray(from, to + memberBytesMax), to - from, new Uint8Array(out));
          asked.ranges++;
          asked.bytes += run?.length ?? 0;
          return Promise.resolve({
            out,
            run: run === null ? null : { ...run, start: from + run.start, end: from + run.end },
          });
        },
        release: () => undefined,
        close: () => undefined,
      };
    },
  };
}

/** The bytes from a place on, in pieces that end at multiples of their size. */
export async function* aligned(bytes: Uint8Array, pieceBytes: number, from = 0): AsyncGenerator<Uint8Array> {
  for (let at = from; at < bytes.length;) {
    const end = Math.min(bytes.length, at - (at % pieceBytes) + pieceBytes);
    yield bytes.slice(at, end);
    at = end;
  }
}

/** Bytes as gzip of many members, each of so many. */
export function inMembers(bytes: Uint8Array, memberBytes: number): Buffer {
  const members = Array.from({ length: Math.ceil(bytes.length / memberBytes) }, (_, i) =>
    gzipSync(bytes.subarray(i * memberBytes, (i + 1) * memberBytes)),
  );
  return Buffer.concat(members);
}
