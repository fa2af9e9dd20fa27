import fc from 'fast-check';

import { planChunks } from '../../../src/pcap/chunk-plans.js';
import { Merger } from '../../../src/pcap/merger.js';
import { sketchBytesMax } from '../../../src/pcap/partial-layout.js';
import type { ChunkResult } from '../../../src/pcap/types.js';
import { TriremeError } from '../../../src/common/errors.js';
import { adversarial } from '../../support/capture-builder.js';
import { headerOf, reportOptions, scanChunk, scanModule, scanOptions } from '../../support/engine.js';
import { manyPackets, smallCapture } from '../../support/small-capture.js';
import { sized } from '../../support/property.js';

const file = adversarial.plain(60);
const [plan] = planChunks(headerOf(file), { chunkCount: 1 });
const good = scanChunk(file, plan);

/** Merges one result; a refusal must be an error of ours. */
function merge(result: ChunkResult): 'merged' | 'refused' {
  const merger = new Merger(scanModule, [plan], scanOptions);
  try {
    merger.offer(result);
    merger.finish(reportOptions);
    return 'merged';
  } catch (caught) {
    if (!(caught instanceof TriremeError) || caught.code !== 'JOB_FAILED') throw caught;
    return 'refused';
  }
}

describe("a chunk's flat result", () => {
  test('is merged when it is whole', () => {
    expect(merge(good)).toBe('merged');
  });

  test('is refused at other lengths', () => {
    for (let length = 0; length < good.partial.length; length += length < 60 ? 1 : 97)
      expect(merge({ ...good, partial: good.partial.slice(0, length) })).toBe('refused');
    expect(merge({ ...good, partial: Uint8Array.from([...good.partial, 0]) })).toBe('refused');
  });

  test('is refused or merged, and never breaks the merger, whatever bytes a worker sends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.partial.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const partial = good.partial.slice();
          for (const [at, value] of changes) partial[at] = value;
          merge({ ...good, partial });
        },
      ),
      sized(100),
    );
  });

  test('is refused with an entry that no table has', () => {
    const partial = good.partial.slice();
    // The last entry's ports and kind: kind 99 is none.
    partial[partial.length - 80 + 40] = 99;
    expect(merge({ ...good, partial })).toBe('refused');
  });

  test.each<[string, Partial<ChunkResult>]>([
    ['starts before its plan', { start: -1 }],
    ['has no start though its plan has', { start: null, end: 0 }],
    ['says nothing of damage', { damage: undefined as unknown as null }],
    ['starts past a certain start', { start: 5 }],
    ['ends before it starts', { end: -5 }],
    ['ends at no integer', { end: 1.5 }],
    ['has no end state', { endState: { ...good.endState!, byteOrder: 'middle' as 'little' } }],
    ['stops before the end of the file', { endOfInput: false }],
  ])('is refused when it %s', (_what, change) => {
    expect(merge({ ...good, ...change })).toBe('refused');
  });
});

describe('the result of a chunk whose table was full', () => {
  const full = { ...scanOptions, conversationsMax: 1 };
  const crowded = smallCapture(manyPackets(500));
  const result = scanChunk(crowded, plan, full);
  /** The header's counts of addresses, and of bytes of sketches. */
  const counts = new DataView(result.partial.buffer, 36, 8);
  const [addresses, sketches] = [counts.getUint32(0, true), counts.getUint32(4, true)];
  const lastBucket = result.partial.length - sketches;

  test('holds addresses and sketches, and is merged', () => {
    expect(sketches).toBeGreaterThan(0);
    expect(addresses).toBeLessThanOrEqual(1);
    expect(merge(result)).toBe('merged');
  });

  test.each([
    ['an unknown sketch', 0, 9],
    ['large cells that are none', 2, 7],
    ['a bucket beyond its rows', 6, 1],
  ])('is refused with %s', (_what, offset, value) => {
    const partial = result.partial.slice();
    partial[lastBucket + offset] = value;
    expect(merge({ ...result, partial })).toBe('refused');
  });

  test('is refused with more bytes of sketches than there can be', () => {
    const partial = result.partial.slice();
    new DataView(partial.buffer).setUint32(40, sketchBytesMax + 1, true);
    const merger = new Merger(scanModule, [plan], scanOptions);
    expect(() => merger.offer({ ...result, partial })).toThrow('bytes of sketches');
  });
});
