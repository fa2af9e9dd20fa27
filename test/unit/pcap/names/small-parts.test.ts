import { Generations } from '../../../../src/pcap/names/generations.js';
import { Latencies } from '../../../../src/pcap/names/latencies.js';

describe('what waits', () => {
  test('is there until as many others have come twice, and is bounded', () => {
    const waiting = new Generations<number>(10);
    waiting.set('first', 1);
    for (let i = 0; i < 9; i++) waiting.set(`other${i}`, i);
    expect(waiting.get('first')).toBe(1);
    for (let i = 0; i < 9; i++) waiting.set(`more${i}`, i);
    expect(waiting.get('first')).toBe(1);
    waiting.set('last', 0);
    expect(waiting.get('first')).toBeUndefined();
    expect(waiting.get('more0')).toBe(0);
  });

  test('is gone once it is taken away, and stays young once it is set again', () => {
    const waiting = new Generations<number>(2);
    waiting.set('a', 1);
    waiting.set('b', 2);
    waiting.set('a', 3);
    waiting.set('c', 4);
    expect([waiting.get('a'), waiting.get('b')]).toEqual([3, undefined]);
    waiting.delete('a');
    expect(waiting.get('a')).toBeUndefined();
  });
});

describe('latencies', () => {
  test.each([0, 1, 31, 32, 33, 1023, 1_000_000, 4_294_967_295, 4_294_967_296, 123_456_789_012_345])(
    'the median of times about %d is within 1/64 of it',
    (ns) => {
      const latencies = new Latencies();
      for (const one of [0, ns, 2 ** 52]) latencies.add(one);
      expect(Math.abs(latencies.quantile(0.5)! - ns)).toBeLessThanOrEqual(ns / 64);
    },
  );

  test('no times have no median, and one time is its own', () => {
    const latencies = new Latencies();
    expect([latencies.quantile(0.5), latencies.mean]).toEqual([null, null]);
    latencies.add(77_777);
    expect([latencies.quantile(0.5), latencies.mean, latencies.most]).toEqual([77_777, 77_777, 77_777]);
  });

  test('go on from their state', () => {
    const one = new Latencies();
    one.add(5);
    one.add(70_000);
    const other = new Latencies();
    other.restore(JSON.parse(JSON.stringify(one.state())));
    expect(other.state()).toEqual(one.state());
    expect(() => new Latencies().restore({ count: 1, sum: 1, least: 1, most: 1, counts: [[99_999, 1]] })).toThrow();
  });
});
