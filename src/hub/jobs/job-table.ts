import { grown, JobLinks, nil } from './job-list.js';
import { jobIdBits } from '../../common/job-ids.js';
import { noWorker, type JobSink } from '../port/job-sink.js';

/**
 * Low bits of a job id are its row; the rest counts how often the row was used. An id is never used again,
 * because nobody knows how late a worker may still answer: a row whose count is used up is used no more.
 */
const rowBits = 20;
/** Bits that count the uses of a row: at 150,000 jobs a second all rows are used up after 1,900 years. */
export const useBitsDefault = jobIdBits - rowBits;
/** Jobs live at once at most, in any state. 2^20 of them are some 100 MB; each bound on waiting lies below. */
export const jobsLiveMax = 2 ** rowBits;
const rowMask = jobsLiveMax - 1;
const rowsFirst = 1024;

/** Values of the column `queues`. */
export const queueNone = 0;
export const queueOfKind = 1;
/** Jobs that avoid a worker: looked through as a whole, since the first may have to wait while the second may go. */
export const queueAvoiding = 2;
/** Jobs whose workers died twice, each to be tried on a worker that holds nothing else. */
export const queueAlone = 3;

/** Jobs that are answered and whose answer is audited before they get it: they wait for no worker. */
export const queueHeld = 4;
/** Jobs of clients that ask for little. */
export const queueUrgent = 5;

/**
 * All live jobs of a hub, in columns: a job is a row number, and no object or closure is made for it. A row is free,
 * or its job is in one list: waiting, or with a worker.
 */
export class JobTable {
  /** Id of the job in each row, a whole number below 2^53: what travels on the wire. */
  ids = new Float64Array(0);
  kinds = new Uint32Array(0);
  units = new Float64Array(0);
  payloads: (Uint8Array | null)[] = [];
  /** Bytes of each. */
  payloadBytes = new Uint32Array(0);
  /** Seconds on the hub's clock; Infinity is none. */
  deadlines = new Float64Array(0);
  submittedAt = new Float64Array(0);
  givenAt = new Float64Array(0);
  sinks: (JobSink | null)[] = [];
  tags = new Float64Array(0);
  /** Index of the worker that has it, or -1 while it waits. */
  workers = new Int32Array(0);
  /** Number of the worker that must not get it, or noWorker. */
  avoids = new Int32Array(0);
  attempts = new Uint8Array(0);
  /** Workers that died with it. */
  losses = new Uint8Array(0);
  notRuns = new Uint8Array(0);
  /** Workers that have it beside the one in `workers`: see Hedges. */
  copies = new Uint8Array(0);
  /** Times that it was given to one more worker. */
  hedges = new Uint8Array(0);
  /** 1 when its worker was asked to give it back unless it has begun. */
  recalled = new Uint8Array(0);
  /** When it will have been with its worker for too long, on the hub's clock. */
  overdueAt = new Float64Array(0);
  /** 1 when its client has asked for this version of its kind: it goes to no other. */
  pinned = new Uint8Array(0);
  /** 1 when it goes before jobs that are not urgent. */
  urgent = new Uint8Array(0);
  /** Where it waits: see queueNone and the others. */
  queues = new Uint8Array(0);
  readonly links = new JobLinks();
  readonly timerLinks = new JobLinks();
  /** Bucket of the deadline wheel, or -1. */
  timerBuckets = new Int32Array(0);
  /** Trace contexts by id, of the few jobs whose clients trace. */
  readonly traces = new Map<number, string>();
  live = 0;
  /** Rows that are used no more. */
  usedUp = 0;

  /** The first id that is too large. */
  private readonly idsEnd: number;
  private capacity = 0;
  private used = 0;
  private freeHead = nil;
  private freeTail = nil;

  /** @param useBits bits that count the uses of a row, from 1 to useBitsDefault; tests take few */
  constructor(useBits = useBitsDefault) {
    this.idsEnd = 2 ** (rowBits + useBits);
  }

  /** A row with a new id and its columns at their defaults, or nil when jobsLiveMax are live. */
  add(kind: number, units: number, payload: Uint8Array | null, sink: JobSink, tag: number, now: number): number {
    const row = this.takeRow();
    if (row === nil) return nil;
    this.kinds[row] = kind;
    this.units[row] = units;
    this.payloads[row] = payload;
    this.payloadBytes[row] = payload === null ? 0 : payload.length;
    this.sinks[row] = sink;
    this.urgent[row] = sink.urgent === true ? 1 : 0;
    this.tags[row] = tag;
    this.submittedAt[row] = now;
    this.workers[row] = -1;
    this.attempts[row] = 0;
    this.losses[row] = 0;
    this.notRuns[row] = 0;
    this.copies[row] = 0;
    this.hedges[row] = 0;
    this.queues[row] = 0;
    this.pinned[row] = 0;
    this.deadlines[row] = Infinity;
    this.avoids[row] = noWorker;
    this.timerBuckets[row] = nil;
    this.live++;
    return row;
  }

  /** Frees a row that stands in no list. Freed rows are used again last, so that stale ids are refused longest. */
  free(row: number): void {
    this.payloads[row] = null;
    this.sinks[row] = null;
    if (this.traces.size > 0) this.traces.delete(this.ids[row]);
    this.live--;
    const next = this.ids[row] + jobsLiveMax;
    if (next >= this.idsEnd) {
      this.usedUp++;
      return;
    }
    this.ids[row] = next;
    this.links.next[row] = nil;
    if (this.freeTail === nil) this.freeHead = row;
    else this.links.next[this.freeTail] = row;
    this.freeTail = row;
  }

  /** The row of a live job, or nil for an id that names none. */
  rowOf(id: number): number {
    // The operator takes the low 32 bits of any whole number.
    const row = id & rowMask;
    return row < this.used && this.ids[row] === id && this.sinks[row] !== null ? row : nil;
  }

  /** Kind of the job that last had this id's row: for counts alone, since it may be a later job's. */
  lastKind(id: number): number | null {
    const row = id & rowMask;
    return row < this.used ? this.kinds[row] : null;
  }

  private takeRow(): number {
    const row = this.freeHead;
    if (row !== nil) {
      this.freeHead = this.links.next[row];
      if (this.freeHead === nil) this.freeTail = nil;
      return row;
    }
    if (this.used === this.capacity) {
      if (this.capacity === jobsLiveMax) return nil;
      this.grow(Math.max(rowsFirst, this.capacity * 2));
    }
    // The first use counts as 1, so that row 0 does not begin with the id 0.
    this.ids[this.used] = jobsLiveMax + this.used;
    this.payloads.push(null);
    this.sinks.push(null);
    return this.used++;
  }

  private grow(capacity: number): void {
    this.capacity = capacity;
    this.ids = grown(this.ids, new Float64Array(capacity));
    this.kinds = grown(this.kinds, new Uint32Array(capacity));
    this.payloadBytes = grown(this.payloadBytes, new Uint32Array(capacity));
    this.units = grown(this.units, new Float64Array(capacity));
    this.deadlines = grown(this.deadlines, new Float64Array(capacity));
    this.submittedAt = grown(this.submittedAt, new Float64Array(capacity));
    this.givenAt = grown(this.givenAt, new Float64Array(capacity));
    this.tags = grown(this.tags, new Float64Array(capacity));
    this.workers = grown(this.workers, new Int32Array(capacity));
    this.avoids = grown(this.avoids, new Int32Array(capacity));
    this.attempts = grown(this.attempts, new Uint8Array(capacity));
    this.losses = grown(this.losses, new Uint8Array(capacity));
    this.notRuns = grown(this.notRuns, new Uint8Array(capacity));
    this.copies = grown(this.copies, new Uint8Array(capacity));
    this.hedges = grown(this.hedges, new Uint8Array(capacity));
    this.recalled = grown(this.recalled, new Uint8Array(capacity));
    this.overdueAt = grown(this.overdueAt, new Float64Array(capacity));
    this.pinned = grown(this.pinned, new Uint8Array(capacity));
    this.urgent = grown(this.urgent, new Uint8Array(capacity));
    this.queues = grown(this.queues, new Uint8Array(capacity));
    this.timerBuckets = grown(this.timerBuckets, new Int32Array(capacity));
    this.links.grow(capacity);
    this.timerLinks.grow(capacity);
  }
}
