import fc from 'fast-check';
import { WorkerHeap } from '../../../../src/hub/picking/worker-heap.js';
import { holds } from '../../../support/property.js';

const workers = 200;

const change = fc.record({
  worker: fc.nat({ max: workers - 1 }),
  ticks: fc.option(fc.nat({ max: 50 }), { nil: null, freq: 4 }),
  cost: fc.nat({ max: 2 }),
  fill: fc.nat({ max: 2 }),
});

describe('worker heap', () => {
  test('whatever was placed, moved and removed, what is left comes out in order', () => {
    holds(
      fc.array(change, { maxLength: 600, size: 'max' }),
      (changes) => {
        const heap = new WorkerHeap(workers / 2);
        heap.grow(workers);
        const left = new Map<number, readonly number[]>();
        const sizes = new Set<number>();
        changes.forEach(({ worker, ticks, cost, fill }, at) => {
          if (ticks === null) {
            heap.remove(worker);
            left.delete(worker);
          } else {
            heap.place(worker, ticks, cost, fill, at);
            left.set(worker, [ticks, cost, fill, at]);
          }
          sizes.add(heap.size - left.size);
        });
        expect([...sizes]).toEqual(changes.length === 0 ? [] : [0]);
        const expected = [...left]
          .sort(([, one], [, other]) => one.map((key, at) => key - other[at]).find((order) => order !== 0) ?? 0)
          .map(([worker]) => worker);
        const drained: number[] = [];
        while (heap.size > 0) {
          drained.push(heap.first);
          heap.remove(heap.first);
        }
        expect(drained).toEqual(expected);
      },
      100,
    );
  });

  test('a worker is listed as stale once, however often it changed', () => {
    const heap = new WorkerHeap(4);
    heap.touch(3);
    heap.touch(1);
    heap.touch(3);
    expect([heap.popStale(), heap.popStale()].sort()).toEqual([1, 3]);
    expect(heap.staleCount).toBe(0);
  });
});
