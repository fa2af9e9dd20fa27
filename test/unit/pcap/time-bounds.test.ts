import { boundsOf, spanOf } from '../../../src/pcap/time-bounds.js';

test.each([
  { after: '5', before: '-7' },
  { after: '+60000000000', before: null },
  { after: null, before: `+${(1n << 63n) - 1n}` },
  { after: '0', before: '+0' },
])('the span %j reaches a master as it is', (span) => {
  const { after, before } = span;
  expect(spanOf(boundsOf(span))).toEqual({ after: after ?? undefined, before: before ?? undefined });
});

test('no bound is no span', () => {
  expect(spanOf({})).toEqual({});
  expect(boundsOf(undefined)).toEqual({});
});

test('a bound is given once', () => {
  expect(() => spanOf({ afterNs: 1n, afterFirstNs: 1n })).toThrow(
    'after_ns and after_first_ns are two bounds of one kind',
  );
});
