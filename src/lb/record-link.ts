import type { LinkFacts } from './link-facts.js';
import { recordBytes, RecordPacer, type PaceLimit } from './record.js';

/** Records that may be unacknowledged at first, and after a loss. With two, the receiver acknowledges without delay. */
export const recordsInFlightFirst = 2;

/** Records that may be unacknowledged at most, within the congestion window, which begins with ten segments. */
export const recordsInFlightMax = 8;

/** Below this round trip four records go at one instant: faster than congestion control spaces segments there. */
const burstRoundTripMs = 0.5;

/** Records acknowledged without a loss that double what may be unacknowledged. */
export const cleanRecordsToDouble = 128;

/**
 * What every receiver has room for before the first look at its window: half of what Linux, macOS and Windows announce.
 */
export const receiverWindowBytesFirst = 32 * 1024;

/**
 * Time between two short records, at least. TCP cannot say when a client has read one, and two in one recv()
 * are one answer too few. A machine that is busy may let a client stand still for longer, and looks take
 * longer on it too: twice the time of the slowest of the last looks is added, up to a bound that gives six
 * records a second.
 */
export const shortRecordGapMs = 50;
const shortRecordGapMsMax = 150;

/** What is left, after each look, of the time of the slowest one. */
const slowestLookDecay = 0.95;

/** Looks that show nothing new come at double the time each, up to this. */
const lookDelayMsMax = 100;
const lookDelayMsFirst = 5;

/** On one machine: 4 records a millisecond. */
const loopbackPace: readonly PaceLimit[] = [{ records: 4, withinMs: 1 }];

/**
 * Where nothing is known of the link. The second limit lets a client stand still for 0.2 s before its receive window is
 * full: over veth 4 a millisecond broke answers after 0.15 s, 1 after 0.45 s.
 */
export const blindPace: readonly PaceLimit[] = [...loopbackPace, { records: 64, withinMs: 64 }];

/** Two at once: the second may wait for the pace of the congestion control, and nothing may wait behind it. */
function paceFor(roundTripMs: number): PaceLimit {
  return { records: roundTripMs < burstRoundTripMs ? 4 : 2, withinMs: Math.max(1, roundTripMs / 8) };
}

/** What must be known before the next record may be written. */
export type RecordWait =
  | { readonly until: 'now' }
  | { readonly until: 'time'; readonly ms: number }
  /** A look at the link, in so many milliseconds. */
  | { readonly until: 'look'; readonly ms: number };

const now: RecordWait = { until: 'now' };

/**
 * Says when the next record of one connection may be written, so that each arrives as one piece. The kernel
 * puts a record into a segment of its own only while nothing waits before it in the socket: so no more are
 * unacknowledged than the congestion window and the receiver's window let through at once, and few of them,
 * because a loss makes the first smaller. Pure: time and looks are passed in.
 *
 * Where a segment is shorter than a record, records are as long as a segment, and one is under way at a time.
 */
export class RecordLink {
  private pacer: RecordPacer;
  private facts: LinkFacts | undefined;
  private blind = false;
  /** Bytes written: now, when the look began that is under way, and when the last one did. */
  private written = 0;
  private writtenBeforeLook = 0;
  private writtenAtLook = 0;
  /** Of writtenAtLook. */
  private unacknowledged = 0;
  private lookBeganMs = 0;
  private slowestLookMs = 0;
  /**
   * Bytes written up to which the receiver is known to have room. It never takes room back (RFC 9293, section 3.8.6).
   */
  private room = receiverWindowBytesFirst;
  private inFlightMax = recordsInFlightFirst;
  private clean = 0;
  private lookDelayMs = lookDelayMsFirst;
  /** When the first of those records was written that may be unacknowledged. */
  private flightMs = 0;
  private wroteMs = -Infinity;
  private retransmittedMs = -Infinity;
  /** When something was written or acknowledged, or the receiver made room, for the last time. */
  progressMs: number;

  /** @param loopback both ends are on this machine, so that nothing is lost and segments are large */
  constructor(
    private readonly loopback: boolean,
    nowMs: number,
  ) {
    this.progressMs = nowMs;
    this.pacer = new RecordPacer(loopbackPace);
  }

  /** Length of the record for an answer of so many bytes. */
  lengthFor(answerBytes: number): number {
    const { facts } = this;
    if (facts === undefined || this.loopback || facts.segmentBytes <= answerBytes) return recordBytes;
    return Math.min(recordBytes, facts.segmentBytes);
  }

  /** What the next record waits for. */
  wait(nowMs: number): RecordWait {
    const paceMs = this.pacer.waitMs(nowMs);
    if (!this.blind) {
      if (this.facts === undefined && !this.loopback) return { until: 'look', ms: 0 };
      if (this.full) return { until: 'look', ms: this.lookDelayMs };
      if (!this.loopback && this.facts !== undefined) {
        const { facts } = this;
        const short = facts.segmentBytes < recordBytes;
        const { inFlight } = this;
        const most = short ? 1 : this.mostInFlight(facts, nowMs);
        if (short ? inFlight > 0 : inFlight + recordBytes > most * recordBytes) {
          const arrivedMs = this.wroteMs + facts.roundTripMs;
          return { until: 'look', ms: Math.max(this.lookDelayMs, arrivedMs - nowMs) };
        }
        if (short) {
          const gapMs = Math.min(shortRecordGapMsMax, shortRecordGapMs + 2 * this.slowestLookMs);
          const leftMs = Math.max(this.wroteMs, this.retransmittedMs) + gapMs - nowMs;
          if (leftMs > 0) return { until: 'time', ms: leftMs };
        }
      }
    }
    return paceMs > 0 ? { until: 'time', ms: paceMs } : now;
  }

  /** Bytes that may be unacknowledged. */
  private get inFlight(): number {
    return this.unacknowledged + (this.written - this.writtenAtLook);
  }

  /**
   * More than the first few only while all of them are written before the sender can hear of any of them: until then
   * neither a loss nor anything else can have made the congestion window smaller than the last look said.
   */
  private mostInFlight({ congestionWindow, roundTripMs }: LinkFacts, nowMs: number): number {
    const unheard = this.inFlight === 0 || nowMs - this.flightMs <= roundTripMs / 2;
    return Math.min(unheard ? this.inFlightMax : recordsInFlightFirst, congestionWindow);
  }

  wrote(bytes: number, nowMs: number): void {
    if (this.inFlight === 0) this.flightMs = nowMs;
    this.written += bytes;
    this.wroteMs = this.progressMs = nowMs;
    this.pacer.wrote(nowMs);
  }

  /** A look begins: what is written from now on may not be in it. */
  lookBegins(nowMs: number): void {
    this.writtenBeforeLook = this.written;
    this.lookBeganMs = nowMs;
  }

  /** The look that began last is done. @param facts undefined: nothing can be known of this link */
  looked(facts: LinkFacts | undefined, nowMs: number): void {
    const writtenBefore = this.writtenBeforeLook;
    this.slowestLookMs = Math.max(nowMs - this.lookBeganMs, this.slowestLookMs * slowestLookDecay);
    if (facts === undefined) {
      if (!this.blind) this.pacer = new RecordPacer(blindPace);
      this.blind = true;
      return;
    }
    const before = this.facts;
    if (before === undefined && !this.loopback) this.pacer = new RecordPacer([paceFor(facts.roundTripMs)]);
    const acknowledged = this.unacknowledged + (writtenBefore - this.writtenAtLook) - facts.unacknowledgedBytes;
    const room = this.roomBy(writtenBefore, facts);
    const progress = acknowledged > 0 || room > this.room;
    if (progress) this.progressMs = nowMs;
    this.lookDelayMs = progress ? lookDelayMsFirst : Math.min(lookDelayMsMax, this.lookDelayMs * 2);
    this.room = room;
    this.facts = facts;
    this.unacknowledged = facts.unacknowledgedBytes;
    this.writtenAtLook = writtenBefore;
    if (facts.retransmissions > (before?.retransmissions ?? 0)) {
      this.inFlightMax = recordsInFlightFirst;
      this.clean = 0;
      this.retransmittedMs = nowMs;
      return;
    }
    this.clean += Math.max(0, acknowledged) / recordBytes;
    if (this.clean < cleanRecordsToDouble) return;
    this.clean = 0;
    this.inFlightMax = Math.min(recordsInFlightMax, this.inFlightMax * 2);
  }

  private roomBy(written: number, facts: LinkFacts): number {
    const { unacknowledgedBytes, receiverWindowBytes, windowUnitBytes } = facts;
    const room = written - unacknowledgedBytes + receiverWindowBytes - windowUnitBytes;
    if (this.facts !== undefined) return Math.max(this.room, room);
    // A receiver that never has room for a whole record is sent its pieces.
    return receiverWindowBytes - windowUnitBytes < recordBytes && unacknowledgedBytes === 0 && written === 0
      ? Infinity
      : room;
  }

  /** The receiver is not known to have room for a record. */
  get full(): boolean {
    return !this.blind && this.written + recordBytes > this.room;
  }
}
