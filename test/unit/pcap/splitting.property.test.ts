import fc from 'fast-check';

import { planChunks } from '../../../src/pcap/chunk-plans.js';
import { adversarial, arbitrary, arbitraryPcapng } from '../../support/capture-builder.js';
import { expectOracle, expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';
import { holds, propertySeed, runsFactor } from '../../support/property.js';

const small: Record<string, Uint8Array> = {
  'plain classic': adversarial.plain(12),
  'classic with captures inside': adversarial.capturesInside(2, 5),
  'classic with a false chain': adversarial.chainAcrossPackets(10, 70),
  'damaged classic': adversarial.damageInTheMiddle(6),
  'plain pcapng': adversarial.plainPcapng(10),
  'pcapng with blocks inside': adversarial.blocksInside(2, 5),
  'pcapng whose state changes': adversarial.restlessPcapng(2, 2),
};

/** Every second cut and number of chunks with half the random cases, the others as often: another half each time. */
const step = Math.max(1, Math.round(1 / runsFactor));

/** A test here is thousands of scans; on a machine with other work it may take that long. */
const testMsMax = 240_000;

describe('a capture cut in two at any byte gives the answer of one scan', () => {
  test.each(Object.entries(small))(
    '%s',
    (_, bytes) => {
      const reference = scanWhole(bytes);
      expectOracle(reference, bytes);
      const header = headerOf(bytes);
      for (let cut = 1 + (propertySeed % step); cut < bytes.length; cut += step) {
        expectSameBytes(scanSplit(bytes, plansAt(header, [cut])).report, reference);
      }
    },
    testMsMax,
  );
});

const large: Record<string, Uint8Array> = {
  'plain classic': adversarial.plain(4000),
  'captures inside packets': adversarial.capturesInside(20, 200),
  'a capture sent in segments': adversarial.captureInSegments(3000, 1448),
  'zero payloads': adversarial.zeroPayloads(700, 1400),
  'packets of 250 KB': adversarial.hugePackets(12, 250_000, false),
  'packets of 250 KB that hold captures': adversarial.hugePackets(12, 250_000, true),
  'one packet of 250 KB': adversarial.hugePackets(1, 250_000, true),
  'a false chain across all packets': adversarial.chainAcrossPackets(1200, 1000),
  'damage in the middle': adversarial.damageInTheMiddle(2000),
  'garbage in the middle': adversarial.garbageInTheMiddle(1500, new Uint8Array(3000).fill(0x11)),
  'zeros in the middle': adversarial.garbageInTheMiddle(1500, new Uint8Array(300_000)),
  'cut in a record': adversarial.plain(2000).slice(0, -100),
  'cut in a record header': adversarial.plain(2000).slice(0, -(((1999 * 37) % 400) + 54 + 9)),
  'plain pcapng': adversarial.plainPcapng(3000),
  'pcapng blocks inside pcapng packets': adversarial.blocksInside(15, 250),
  'pcapng whose state changes': adversarial.restlessPcapng(40, 30),
};

/** Chunks arrive in the order of the file, backwards, and middle first. */
const arrivals = [
  <T>(results: T[]): T[] => results,
  <T>(results: T[]): T[] => [...results].reverse(),
  <T>(results: T[]): T[] =>
    [...results].sort((_x, _y) => 0).sort((x, y) => (results.indexOf(y) % 3) - (results.indexOf(x) % 3)),
];

describe('a capture cut into 1 to 64 chunks gives the answer of one scan', () => {
  test.each(Object.entries(large))(
    '%s',
    (_, bytes) => {
      const reference = scanWhole(bytes);
      expectOracle(reference, bytes);
      const header = headerOf(bytes);
      for (let chunkCount = 1 + (propertySeed % step); chunkCount <= 64; chunkCount += step) {
        const plans = planChunks(header, { chunkCount });
        expectSameBytes(scanSplit(bytes, plans, scanOptions, arrivals[chunkCount % 3]).report, reference);
      }
    },
    testMsMax,
  );
});

test('random captures cut at random places, their chunks in random order, give the answer of one scan', () => {
  const sound = fc.oneof(arbitrary.classic(60), arbitraryPcapng(80));
  const capture = fc.oneof(sound, arbitrary.mutated(sound));
  const places = fc.array(arbitrary.share, { minLength: 1, maxLength: 12 });
  holds(
    fc.tuple(capture, places, fc.infiniteStream(fc.nat())),
    ([{ bytes }, shares, order]) => {
      const cuts = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].filter((cut) => cut > 0);
      const plans = plansAt(
        headerOf(bytes),
        cuts.sort((x, y) => x - y),
      );
      const shuffled = <T>(results: T[]): T[] =>
        results
          .map((result) => ({ result, key: order.next().value as number }))
          .sort((x, y) => x.key - y.key)
          .map(({ result }) => result);
      expectSameBytes(scanSplit(bytes, plans, scanOptions, shuffled).report, scanWhole(bytes));
    },
    600,
  );
});
