/** Bytes of an answer that are kept within the ring; both kinds' answers fit. A longer one is a Buffer beside it. */
const answerBytesInline = 64;

/** Slots of a ring when it is first used: ten thousand connections with a job or two each must stay small. */
const slotsAtFirst = 8;

const newline = 0x0a;

/** A view of the bytes that were asked for last: a batch of answers is copied out of one array, and into one. */
class LastView {
  private bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(this.bytes.buffer);

  of(bytes: Uint8Array): DataView {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.view;
  }
}
const sources = new LastView();
const outputs = new LastView();

/** Copies an answer, four bytes at a time: a mined one takes 50 ns so, 170 ns byte by byte, and it is copied twice. */
function copyAnswer(from: DataView, fromAt: number, to: DataView, toAt: number, length: number): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) to.setInt32(toAt + i, from.getInt32(fromAt + i, true), true);
  for (; i < length; i++) to.setUint8(toAt + i, from.getUint8(fromAt + i));
}

/**
 * Keeps the order of one connection: jobs are numbered as they are asked (`add`), are answered in any order (`settle`),
 * and their answers leave in the order asked (`releaseLines`, `peek` and `drop`). All state is in columns; nothing is
 * allocated per job.
 *
 * A job's ticket is its number modulo 2^32. Invariant: head <= tail, tail - head <= slotsMax (a power of two).
 */
export class AnswerRing {
  /** Jobs that have their answer and have not been released. */
  ready = 0;
  private head = 0;
  private tail = 0;
  private slots = 0;
  private settled = new Uint8Array(0);
  private lengths = new Uint16Array(0);
  private jobs = new Float64Array(0);
  private bytes = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private readonly long = new Map<number, Uint8Array>();

  /** @param slotsMax jobs outstanding at most; a power of two */
  constructor(readonly slotsMax: number) {
    if (slotsMax < 1 || (slotsMax & (slotsMax - 1)) !== 0) throw new Error('slotsMax must be a power of two');
  }

  /** Jobs asked and not yet released. */
  get size(): number {
    return (this.tail - this.head) >>> 0;
  }

  get room(): number {
    return this.slotsMax - this.size;
  }

  /** Says whether the oldest job has its answer. */
  get headSettled(): boolean {
    return this.size > 0 && this.settled[this.head & (this.slots - 1)] === 1;
  }

  /** Takes the next place in the order. There must be room. */
  add(): number {
    if (this.size === this.slots) this.grow();
    const ticket = this.tail;
    const slot = ticket & (this.slots - 1);
    this.settled[slot] = 0;
    this.jobs[slot] = 0;
    this.tail = (ticket + 1) >>> 0;
    return ticket;
  }

  /** Keeps the id under which the hub knows the job. */
  setJob(ticket: number, job: number): void {
    this.jobs[ticket & (this.slots - 1)] = job;
  }

  /** Keeps source[from..to) as the answer. The bytes are copied. A second answer to one job is a programmer's error. */
  settle(ticket: number, source: Uint8Array, from: number, to: number): void {
    const slot = ticket & (this.slots - 1);
    const length = to - from;
    if ((ticket - this.head) >>> 0 >= this.size || this.settled[slot] === 1)
      throw new Error(`job ${ticket} is not waiting for an answer`);
    this.settled[slot] = 1;
    this.ready++;
    if (length <= answerBytesInline) {
      this.lengths[slot] = length;
      copyAnswer(sources.of(source), from, this.view, slot * answerBytesInline, length);
    } else {
      this.lengths[slot] = answerBytesInline + 1;
      this.long.set(ticket, source.slice(from, to));
    }
  }

  /**
   * Writes the oldest settled answers, each with its newline, into out[at..] until one is not settled or does not fit.
   * @returns the position after the last byte written. An answer longer than the whole of `out` is left: see `peek`.
   */
  releaseLines(out: Uint8Array, at: number): number {
    const mask = this.slots - 1;
    const { settled, lengths, view } = this;
    const output = outputs.of(out);
    let head = this.head;
    while (head !== this.tail) {
      const slot = head & mask;
      if (settled[slot] !== 1) break;
      const length = lengths[slot];
      if (length > answerBytesInline) {
        const answer = this.long.get(head) as Uint8Array;
        if (at + answer.length + 1 > out.length) break;
        out.set(answer, at);
        at += answer.length;
        this.long.delete(head);
      } else {
        if (at + length + 1 > out.length) break;
        copyAnswer(view, slot * answerBytesInline, output, at, length);
        at += length;
      }
      out[at++] = newline;
      head = (head + 1) >>> 0;
    }
    this.ready -= (head - this.head) >>> 0;
    this.head = head;
    return at;
  }

  /**
   * The oldest answer, as a view that the next `add` or `settle` may overwrite, or undefined when it is not settled.
   */
  peek(): Uint8Array | undefined {
    if (!this.headSettled) return undefined;
    const slot = this.head & (this.slots - 1);
    const length = this.lengths[slot];
    if (length > answerBytesInline) return this.long.get(this.head);
    return this.bytes.subarray(slot * answerBytesInline, slot * answerBytesInline + length);
  }

  /** Takes the oldest answer out. */
  drop(): void {
    if (!this.headSettled) throw new Error('the oldest job has no answer to take out');
    this.long.delete(this.head);
    this.ready--;
    this.head = (this.head + 1) >>> 0;
  }

  /** Calls back with the hub's id of each job that has no answer yet, oldest first. */
  forEachWaiting(visit: (job: number) => void): void {
    for (let ticket = this.head; ticket !== this.tail; ticket = (ticket + 1) >>> 0) {
      const slot = ticket & (this.slots - 1);
      if (this.settled[slot] !== 1) visit(this.jobs[slot]);
    }
  }

  private grow(): void {
    const before = this.slots;
    if (before === this.slotsMax) throw new Error(`more than ${this.slotsMax} jobs outstanding`);
    const slots = before === 0 ? Math.min(slotsAtFirst, this.slotsMax) : before * 2;
    const { settled, lengths, jobs, bytes } = this;
    this.settled = new Uint8Array(slots);
    this.lengths = new Uint16Array(slots);
    this.jobs = new Float64Array(slots);
    this.bytes = new Uint8Array(slots * answerBytesInline);
    this.view = new DataView(this.bytes.buffer);
    this.slots = slots;
    for (let ticket = this.head; ticket !== this.tail; ticket = (ticket + 1) >>> 0) {
      const from = ticket & (before - 1);
      const to = ticket & (slots - 1);
      this.settled[to] = settled[from];
      this.lengths[to] = lengths[from];
      this.jobs[to] = jobs[from];
      this.bytes.set(bytes.subarray(from * answerBytesInline, (from + 1) * answerBytesInline), to * answerBytesInline);
    }
  }
}
