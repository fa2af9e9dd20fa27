import fc from 'fast-check';

import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import type { SortOrder } from '../../../src/pcap/types.js';
import {
  address4,
  address6,
  classicCapture,
  frame,
  ipv4,
  ipv6,
  linkTypes,
  protocols,
  tcp,
  udp,
  zeros,
} from '../../support/capture-builder.js';
import { reportOptions, scanOptions, scanWhole } from '../../support/engine.js';
import { holds } from '../../support/property.js';

interface Sent {
  readonly six: boolean;
  readonly isUdp: boolean;
  readonly from: number;
  readonly to: number;
  readonly ports: readonly [number, number];
  readonly bytes: number;
  readonly second: number;
}

/** Few values of everything, so that many conversations are equal in all but one thing. */
const sent: fc.Arbitrary<Sent> = fc.record({
  six: fc.boolean(),
  isUdp: fc.boolean(),
  from: fc.nat({ max: 12 }),
  to: fc.nat({ max: 12 }),
  ports: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })),
  bytes: fc.constantFrom(0, 0, 0, 1, 300),
  second: fc.nat({ max: 3 }),
});

function captureOf(packets: readonly Sent[]): Uint8Array {
  return classicCapture(
    packets.map(({ six, isUdp, from, to, ports: [source, target], bytes, second }) => {
      const transport = (isUdp ? udp : tcp)({ source, target }, zeros(bytes));
      const protocol = isUdp ? protocols.udp : protocols.tcp;
      const packet = six
        ? ipv6({ source: address6(from), target: address6(to), protocol, payload: transport })
        : ipv4({ source: address4(from), target: address4(to), protocol, payload: transport });
      return { bytes: frame(linkTypes.ethernet, six ? 6 : 4, packet), seconds: 1_700_000_000 + second, fraction: 0 };
    }),
  );
}

const told = (bytes: Uint8Array, sort: SortOrder, top: number): CaptureFacts =>
  scanWhole(bytes, scanOptions, undefined, { ...reportOptions, sort, top }) as CaptureFacts;

/** A long list is sorted, a short one is what a heap has kept: two ways that share no code but the order's fields. */
test.each<SortOrder>(['bytes', 'packets', 'duration', 'start'])(
  'the first rows by %s are those of the whole list, however many are asked for',
  (sort) => {
    holds(
      fc.array(sent, { minLength: 200, maxLength: 700, size: 'max' }).map(captureOf),
      (bytes) => {
        const all = told(bytes, sort, 100_000);
        expect(all.top).toHaveLength(Number(all.conversations));
        for (const top of [1, 3, 6, 20]) {
          const some = told(bytes, sort, top);
          expect(some.top).toEqual(all.top.slice(0, top));
          expect(some.top_times).toEqual(all.top_times.slice(0, top));
          expect(some.endpoints).toEqual(all.endpoints.slice(0, top));
        }
      },
      25,
    );
  },
);
