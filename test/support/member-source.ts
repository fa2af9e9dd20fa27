import { gzipSync } from 'node:zlib';
import { MemberRunner } from '../../src/captures/packed/members/member-run.js';
import { PartNews } from '../../src/captures/packed/parts/part-news.js';
import { PartRunner } from '../../src/captures/packed/parts/part-runner.js';
import { runPart } from '../../src/captures/packed/parts/run-part.js';
import type { Parts } from '../../src/captures/packed/parts/thread-parts.js';
import { memberBytesMax, type MemberSource } from '../../src/captures/packed/members/member-stream.js';

/** What was asked of a source. */
export interface Asked {
  /** Ranges that were inflated, and the bytes that they gave. */
  ranges: number;
  bytes: number;
  /** The same of parts, and how many of them had been guessed right. */
  parts: number;
  partBytes: number;
  guessed: number;
}

export const nothingAsked = (): Asked => ({ ranges: 0, bytes: 0, parts: 0, partBytes: 0, guessed: 0 });

/** Bytes in memory, whose ranges are inflated when they are asked for: what threads give, without any. */
export function memberSource(
  bytes: Uint8Array,
  { rangeBytes = 5000, pieceBytes = 3000, outBytesMax = 1 << 20, partsFromBytes = 1, asked = nothingAsked() } = {},
): MemberSource {
  const runner = new MemberRunner();
  return {
    sizeBytes: bytes.length,
    partsFromBytes,
    pieceBytes,
    parts: () => partsInOrder(bytes, rangeBytes, outBytesMax, asked),
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

/** Parts that are inflated when they are asked for; what is before them is told only after they were guessed. */
function partsInOrder(bytes: Uint8Array, partBytes: number, outBytesMax: number, asked: Asked): Parts {
  const runner = new PartRunner();
  const news = new PartNews(2);
  const unheard = { ...heardBy(news), isTold: () => false };
  let from = 0;
  let number = 0;
  const read = (at: number, to: Uint8Array): number => {
    const some = bytes.subarray(at, at + to.length);
    to.set(some);
    return some.length;
  };
  return {
    ready: true,
    starved: false,
    begin: (start) => {
      from = Math.floor(start.bit / 8);
      number = 0;
      news.tell(0, start);
    },
    next: () => {
      if (from >= bytes.length) return Promise.resolve(null);
      const to = Math.min(bytes.length, from + partBytes);
      const out = new ArrayBuffer(outBytesMax);
      const run = runPart(runner, { number, from, to, out }, bytes.length, unheard, read);
      number++;
      from = to;
      asked.parts++;
      asked.partBytes += run?.length ?? 0;
      if (run?.guessed === true) asked.guessed++;
      return Promise.resolve({ run, out });
    },
    release: () => undefined,
    stop: () => undefined,
    close: () => undefined,
  };
}

const heardBy = (news: PartNews): Pick<PartNews, 'tell' | 'wait'> => ({
  tell: (part, start) => news.tell(part, start),
  wait: (part) => news.wait(part),
});

/** The bytes from a place on, in pieces that end at multiples of their size. */
export async function* aligned(bytes: Uint8Array, pieceBytes: number, from = 0): AsyncGenerator<Uint8Array> {
  for (let at = from; at < bytes.length;) {
    const end = Math.min(bytes.length, at - (at % pieceBytes) + pieceBytes);
    yield bytes.slice(at, end);
    at = end;
  }
}

/** Bytes as gzip of many members, each of so many. */
export function inMembers(bytes: Uint8Array, memberBytes: number, level = 6): Buffer {
  const members = Array.from({ length: Math.ceil(bytes.length / memberBytes) }, (_, i) =>
    gzipSync(bytes.subarray(i * memberBytes, (i + 1) * memberBytes), { level }),
  );
  return Buffer.concat(members);
}
