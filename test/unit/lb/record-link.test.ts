import fc from 'fast-check';
import { recordBytes } from '../../../src/lb/record.js';
import {
  blindPace,
  cleanRecordsToDouble,
  receiverWindowBytesFirst,
  RecordLink,
  recordsInFlightFirst,
  recordsInFlightMax,
  shortRecordGapMs,
} from '../../../src/lb/record-link.js';
import type { LinkFacts } from '../../../src/lb/link-facts.js';
import { sized } from '../../support/property.js';

const lan: LinkFacts = {
  unacknowledgedBytes: 0,
  segmentBytes: 1448,
  roundTripMs: 40,
  congestionWindow: 10,
  receiverWindowBytes: 64 * 1024,
  windowUnitBytes: 1,
  retransmissions: 0,
};

/** A look that took no time. */
function looked(link: RecordLink, facts: LinkFacts, nowMs: number): void {
  link.lookBegins(nowMs);
  link.looked(facts, nowMs);
}

/** A link of which this is known, and nothing has been written. */
function linkWith(facts: Partial<LinkFacts> = {}, loopback = false): RecordLink {
  const link = new RecordLink(loopback, 0);
  if (!loopback) looked(link, { ...lan, ...facts }, 0);
  return link;
}

/** Writes as many records as may be written in so many milliseconds from `fromMs` on without another look. */
function writtenIn(link: RecordLink, fromMs: number, ms: number): number {
  let count = 0;
  for (let nowMs = fromMs; nowMs < fromMs + ms; nowMs += 0.1) {
    for (; link.wait(nowMs).until === 'now'; count++) link.wrote(link.lengthFor(64), nowMs);
  }
  return count;
}

describe('record link', () => {
  test('the first record to another machine waits for a look, on this machine it does not', () => {
    expect(new RecordLink(false, 0).wait(0)).toEqual({ until: 'look', ms: 0 });
    expect(new RecordLink(true, 0).wait(0)).toEqual({ until: 'now' });
  });

  test('no more are unacknowledged than the first few, or than the congestion window lets through', () => {
    expect(writtenIn(linkWith(), 0, 100)).toBe(recordsInFlightFirst);
    expect(writtenIn(linkWith({ congestionWindow: 1 }), 0, 100)).toBe(1);
    const waiting = linkWith({ roundTripMs: 40 });
    writtenIn(waiting, 0, 1);
    expect(waiting.wait(1)).toEqual({ until: 'look', ms: expect.closeTo(39, 0) as number });
  });

  test('what is written while a look is under way counts as unacknowledged until the next', () => {
    const link = linkWith();
    link.lookBegins(0);
    expect(writtenIn(link, 0, 5)).toBe(2);
    link.looked(lan, 5);
    expect(writtenIn(link, 5, 5)).toBe(0);
    looked(link, { ...lan, unacknowledgedBytes: recordBytes }, 10);
    expect(writtenIn(link, 10, 5)).toBe(1);
  });

  test('records that are acknowledged without a loss double what may be unacknowledged, and a loss takes it back', () => {
    const link = linkWith({ congestionWindow: 100 });
    let nowMs = 0;
    const acknowledged = (count: number, facts: Partial<LinkFacts> = {}): number => {
      let most = 0;
      for (let done = 0; done < count;) {
        const some = writtenIn(link, nowMs, 20);
        most = Math.max(most, some);
        done += some;
        nowMs += 20;
        looked(link, { ...lan, congestionWindow: 100, ...facts }, nowMs);
      }
      return most;
    };
    expect(acknowledged(cleanRecordsToDouble)).toBe(recordsInFlightFirst);
    expect(acknowledged(cleanRecordsToDouble)).toBe(2 * recordsInFlightFirst);
    expect(acknowledged(20 * cleanRecordsToDouble)).toBe(recordsInFlightMax);
    looked(link, { ...lan, congestionWindow: 100, retransmissions: 1 }, nowMs);
    expect(writtenIn(link, nowMs, 20)).toBe(recordsInFlightFirst);
  });

  test('more than the first few are written within half a round trip of the first, and none of them later', () => {
    const link = linkWith({ congestionWindow: 100, roundTripMs: 40 });
    const grow = (): void => looked(link, { ...lan, congestionWindow: 100 }, 0);
    for (let done = 0; done < 4 * cleanRecordsToDouble; done++) {
      link.wrote(recordBytes, -1000);
      grow();
    }
    expect(writtenIn(link, 0, 1)).toBe(recordsInFlightFirst);
    expect(writtenIn(link, 19, 0.5)).toBe(recordsInFlightFirst);
    expect(writtenIn(link, 21, 100)).toBe(0);
  });

  test.each([true, false])(
    'nothing is written past the room that the receiver has told of (loopback: %s)',
    (loopback) => {
      const link = linkWith({}, loopback);
      let written = 0;
      for (let nowMs = 0; nowMs < 20_000; nowMs += 20) {
        written += writtenIn(link, nowMs, 20) * recordBytes;
        looked(link, { ...lan, receiverWindowBytes: 64 * 1024 - written, windowUnitBytes: 128 }, nowMs);
      }
      expect(written).toBeLessThanOrEqual(64 * 1024 - 128);
      expect(written).toBeGreaterThan(60 * 1024);
      expect(link.full).toBe(true);
      expect(linkWith({}, true).full).toBe(false);
      expect(receiverWindowBytesFirst).toBeLessThan(64 * 1024);
    },
  );

  test('a receiver that never has room for a record is sent pieces of it', () => {
    expect(writtenIn(linkWith({ receiverWindowBytes: 500 }), 0, 10)).toBeGreaterThan(0);
  });

  test('looks that show nothing new are asked for at longer intervals, up to a bound', () => {
    const link = linkWith();
    writtenIn(link, 0, 10);
    const delays = Array.from({ length: 10 }, (_, i) => {
      looked(link, { ...lan, unacknowledgedBytes: 2 * recordBytes }, 10 + i);
      const wait = link.wait(1000);
      return wait.until === 'look' ? wait.ms : NaN;
    });
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays[9]).toBe(100);
  });

  test('where a segment is shorter than a record a record is a segment, one at a time and with a gap', () => {
    const link = linkWith({ segmentBytes: 524 });
    expect([link.lengthFor(10), link.lengthFor(523), link.lengthFor(524)]).toEqual([524, 524, 1024]);
    expect(writtenIn(link, 0, 200)).toBe(1);
    looked(link, { ...lan, segmentBytes: 524 }, 5);
    expect(link.wait(5)).toEqual({ until: 'time', ms: expect.closeTo(shortRecordGapMs - 5, 0) as number });
    expect(link.wait(shortRecordGapMs + 1)).toEqual({ until: 'now' });
    link.wrote(524, 100);
    // It was sent again: it may have come just now.
    looked(link, { ...lan, segmentBytes: 524, retransmissions: 1 }, 400);
    expect(link.wait(401)).toEqual({ until: 'time', ms: expect.closeTo(shortRecordGapMs - 1, 0) as number });
  });

  test('the gap is longer where looks take long', () => {
    const link = linkWith({ segmentBytes: 524 });
    link.wrote(524, 0);
    link.lookBegins(0);
    link.looked({ ...lan, segmentBytes: 524 }, 30);
    expect(link.wait(shortRecordGapMs)).toEqual({ until: 'time', ms: expect.closeTo(60, 0) as number });
  });

  test('where nothing can be known records are paced by time', () => {
    const link = new RecordLink(false, 0);
    link.looked(undefined, 0);
    const [, long] = blindPace;
    expect(writtenIn(link, 0, 1)).toBe(4);
    expect(4 + writtenIn(link, 1, long.withinMs - 1.1)).toBe(long.records);
  });
});

/**
 * A sender's kernel: a record is a segment of its own unless another waits to be sent, because of the
 * congestion window, of the receiver's, or of a loss, behind which one segment goes at a time.
 */
class ModelKernel {
  readonly sent: number[] = [];
  private waiting: number[] = [];
  private flight: { bytes: number; arrivesMs: number }[] = [];
  private congestionWindow = 10;
  private acknowledged = 0;
  private written = 0;
  private retransmissions = 0;
  /** When the sender hears of a loss, a round trip later at the earliest. */
  private shrinksMs = Infinity;
  /** Bytes that the client has read. */
  read = 0;

  constructor(
    private readonly roundTripMs: number,
    private readonly lost: () => boolean,
  ) {}

  write(bytes: number): void {
    this.written += bytes;
    if (this.waiting.length > 0) this.waiting[this.waiting.length - 1] += bytes;
    else this.waiting.push(bytes);
  }

  turn(nowMs: number, clientReads: boolean): void {
    while (this.flight.length > 0 && this.flight[0].arrivesMs <= nowMs) {
      this.acknowledged += (this.flight.shift() as { bytes: number }).bytes;
      this.congestionWindow = Math.min(10, this.congestionWindow + 1);
    }
    if (nowMs >= this.shrinksMs) {
      this.congestionWindow = 1;
      this.shrinksMs = Infinity;
    }
    if (clientReads) this.read = this.acknowledged;
    while (this.waiting.length > 0 && this.flight.length < this.congestionWindow) {
      const [bytes] = this.waiting;
      const end = this.acknowledged + this.flight.reduce((sum, one) => sum + one.bytes, bytes);
      if (end > this.read + 64 * 1024) break;
      this.waiting.shift();
      this.sent.push(bytes);
      let arrivesMs = nowMs + this.roundTripMs;
      while (this.lost()) {
        arrivesMs += 200;
        this.retransmissions++;
        this.shrinksMs = nowMs + this.roundTripMs;
      }
      // Nothing is acknowledged before what went before it.
      const last = this.flight.at(-1)?.arrivesMs ?? 0;
      this.flight.push({ bytes, arrivesMs: Math.max(arrivesMs, last) });
    }
  }

  facts(): LinkFacts {
    return {
      unacknowledgedBytes: this.written - this.acknowledged,
      segmentBytes: 1448,
      roundTripMs: this.roundTripMs,
      congestionWindow: this.congestionWindow,
      receiverWindowBytes: this.read + 64 * 1024 - this.acknowledged,
      windowUnitBytes: 1,
      retransmissions: this.retransmissions,
    };
  }
}

/** Numbers from 0 to 1 that a seed determines (a linear congruential generator). */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

test('over links of any round trip and loss, and whatever a client reads, each record is a segment, and all arrive', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0.2, 1, 5, 40, 300),
      fc.constantFrom(0, 0.03, 0.2),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0, 500, 3000),
      fc.nat(),
      (roundTripMs, loss, lookMs, stallMs, seed) => {
        const chance = chances(seed);
        const kernel = new ModelKernel(roundTripMs, () => chance() < loss);
        const link = new RecordLink(false, 0);
        let look: { sampleMs: number; endMs: number; facts?: LinkFacts } | undefined;
        let left = 150;
        let nowMs = 0;
        for (; (left > 0 || kernel.read < 150 * recordBytes) && nowMs < 600_000; nowMs++) {
          kernel.turn(nowMs, nowMs > stallMs);
          if (look !== undefined && look.facts === undefined && nowMs >= look.sampleMs) look.facts = kernel.facts();
          if (look?.facts !== undefined && nowMs >= look.endMs) {
            link.looked(look.facts, nowMs);
            look = undefined;
          }
          while (left > 0) {
            const wait = link.wait(nowMs);
            if (wait.until === 'look' && look === undefined) {
              const sampleMs = nowMs + wait.ms + chance() * lookMs;
              link.lookBegins(nowMs);
              look = { sampleMs, endMs: sampleMs + chance() * lookMs };
            }
            if (wait.until !== 'now') break;
            kernel.write(recordBytes);
            link.wrote(recordBytes, nowMs);
            kernel.turn(nowMs, nowMs > stallMs);
            left--;
          }
        }
        expect([left, kernel.read]).toEqual([0, 150 * recordBytes]);
        expect(new Set(kernel.sent)).toEqual(new Set([recordBytes]));
      },
    ),
    sized(100),
  );
});
