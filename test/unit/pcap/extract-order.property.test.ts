import fc from 'fast-check';
import { planChunks } from '../../../src/pcap/chunk-plans.js';
import type { ExtractOptions } from '../../../src/pcap/extractor.js';
import { adversarial, arbitrary, arbitraryPcapng } from '../../support/capture-builder.js';
import { headerOf, plansAt } from '../../support/engine.js';
import { takeOut, takeOutInChunks } from '../../support/extract-chunks.js';
import { holds } from '../../support/property.js';

const inOrder = (): number => 0;
const newestFirst = (below: number): number => below - 1;

const small: Record<string, Uint8Array> = {
  'plain classic': adversarial.plain(12),
  'classic with captures inside': adversarial.capturesInside(2, 5),
  'classic with a false chain': adversarial.chainAcrossPackets(10, 70),
  'damaged classic': adversarial.damageInTheMiddle(6),
  'plain pcapng': adversarial.plainPcapng(10),
  'pcapng with blocks inside': adversarial.blocksInside(2, 5),
  'pcapng whose state changes': adversarial.restlessPcapng(2, 2),
};

/** Bytes from one cut to the next: records are no multiples of it, so a cut falls on every place of one. */
const cutStep = 7;

test.each(Object.entries(small))('%s, cut in two anywhere, gives what one pass takes out', (_, bytes) => {
  const header = headerOf(bytes);
  for (const options of [{ filter: 'len > 90' }, { packetsMax: 4n }]) {
    const { outcome, bytes: whole } = takeOut(bytes, options);
    for (let cut = 1; cut < bytes.length; cut += cutStep) {
      const split = takeOutInChunks(bytes, options, plansAt(header, [cut]), 2, newestFirst);
      expect([cut, split.outcome]).toEqual([cut, outcome]);
      expect(split.bytes.equals(whole)).toBe(true);
    }
  }
});

const large: Record<string, Uint8Array> = {
  'plain classic': adversarial.plain(4000),
  'captures inside packets': adversarial.capturesInside(20, 200),
  'packets of 250 KB that hold captures': adversarial.hugePackets(12, 250_000, true),
  'a false chain across all packets': adversarial.chainAcrossPackets(1200, 1000),
  'garbage in the middle': adversarial.garbageInTheMiddle(1500, new Uint8Array(3000).fill(0x11)),
  'cut in a record': adversarial.plain(2000).slice(0, -100),
  'pcapng blocks inside pcapng packets': adversarial.blocksInside(15, 250),
  'pcapng whose state changes': adversarial.restlessPcapng(40, 30),
};

test.each(Object.entries(large))('%s, in 2 to 32 chunks, gives what one pass takes out', (_, bytes) => {
  for (const options of [{ filter: 'len > 90' }, { packetsMax: 700n }]) {
    const { outcome, bytes: whole } = takeOut(bytes, options);
    for (let chunkCount = 2; chunkCount <= 32; chunkCount += 9) {
      const plans = planChunks(headerOf(bytes), { chunkCount });
      const split = takeOutInChunks(bytes, options, plans, 4, chunkCount % 2 === 0 ? inOrder : newestFirst);
      expect([chunkCount, split.outcome]).toEqual([chunkCount, outcome]);
      expect(split.bytes.equals(whole)).toBe(true);
    }
  }
});

test('random captures, cut at random places and done in random order, give what one pass takes out', () => {
  const sound = fc.oneof(arbitrary.classic(60), arbitraryPcapng(80));
  const capture = fc.oneof(sound, arbitrary.mutated(sound));
  const places = fc.array(arbitrary.share, { minLength: 1, maxLength: 12 });
  const options = fc.record<ExtractOptions>(
    { filter: fc.constantFrom('len > 80', 'link[0] & 1 = 0'), packetsMax: fc.bigInt({ min: 1n, max: 30n }) },
    { requiredKeys: [] },
  );
  holds(
    fc.tuple(capture, places, options, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat())),
    ([{ bytes }, shares, asked, aheadMax, choices]) => {
      const cuts = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].filter((cut) => cut > 0);
      const plans = plansAt(
        headerOf(bytes),
        cuts.sort((x, y) => x - y),
      );
      const choose = (below: number): number => (choices.next().value as number) % below;
      const whole = takeOut(bytes, asked);
      const split = takeOutInChunks(bytes, asked, plans, aheadMax, choose);
      expect(split.outcome).toEqual(whole.outcome);
      // Of one that fails nothing is kept.
      if (typeof whole.outcome !== 'string') expect(split.bytes.equals(whole.bytes)).toBe(true);
    },
    300,
  );
});

test('where guesses go wrong again and again, chunks are no longer begun ahead in vain', () => {
  const bytes = adversarial.chainAcrossPackets(1200, 1000);
  const plans = planChunks(headerOf(bytes), { chunkCount: 60 });
  const { tasks } = takeOutInChunks(bytes, {}, plans, 4, inOrder);
  expect(tasks).toBeLessThan(60 + 4 + 4 + 4);
});
