import { highOf, idColumns, lowOf } from '../common/job-ids.js';
import { JobStatus, type ResultBatch, type WorkerMessage } from '../gen/trireme/v1/worker.js';

/** Payloads of results that are put together in one message: beyond it a message saves nothing more. */
const messagePayloadBytesMax = 1024 * 1024;

/** Sends one message; false: hold back until the stream has drained. */
export type Send = (message: WorkerMessage) => boolean;

/**
 * Results on their way to one hub. Those of one turn of the event loop leave in one message, large ones in parts, and
 * nothing leaves while the stream is full: then they wait here, no more of them than the hub has jobs outstanding.
 */
export class Outbox {
  private waiting: ResultBatch[] = [];
  private blocked = false;
  private flushScheduled = false;
  /** Bytes of the large result at the front that have been sent. */
  private partsSentBytes = 0;
  private emptied: (() => void) | null = null;

  /**
   * @param partBytesMax a result longer than this goes in parts before its entry
   * @param incarnation as the hub said: each message names it
   */
  constructor(
    private readonly send: Send,
    private readonly partBytesMax: number,
    private readonly incarnation: number,
    private readonly soon: (run: () => void) => void = setImmediate,
  ) {}

  /** Takes results whose `job` has whole ids. */
  add(results: ResultBatch): void {
    this.waiting.push(results);
    if (this.flushScheduled || this.blocked) return;
    this.flushScheduled = true;
    this.soon(() => {
      this.flushScheduled = false;
      this.flush();
    });
  }

  /** Sends a message that is no result, in its order. */
  sendNow(message: WorkerMessage): void {
    if (!this.send(message)) this.blocked = true;
  }

  drained(): void {
    this.blocked = false;
    this.flush();
  }

  /** Resolves when all results have been handed to the stream. */
  async empty(): Promise<void> {
    if (this.waiting.length === 0) return;
    await new Promise<void>((resolve) => (this.emptied = resolve));
  }

  private flush(): void {
    while (this.waiting.length > 0 && !this.blocked) {
      if (isLarge(this.waiting[0], this.partBytesMax)) {
        this.sendPiece(this.waiting[0]);
        continue;
      }
      const results = merge(this.waiting.splice(0, this.mergeable()));
      this.sendResults(results);
    }
    if (this.waiting.length === 0) this.emptied?.();
  }

  /** Sends the next piece of a large result; the last one goes with its entry. */
  private sendPiece(results: ResultBatch): void {
    const end = this.partsSentBytes + this.partBytesMax;
    const rest = results.payloads.subarray(this.partsSentBytes);
    if (end < results.payloads.length) {
      const data = rest.subarray(0, this.partBytesMax);
      this.partsSentBytes = end;
      const [id] = results.job;
      const value = { job: lowOf(id), jobHigh: highOf(id), data, incarnation: this.incarnation };
      this.blocked = !this.send({ message: { $case: 'part', value } });
      return;
    }
    this.waiting.shift();
    this.partsSentBytes = 0;
    this.sendResults({ ...results, payloadSize: [rest.length], payloads: rest });
  }

  private sendResults(results: ResultBatch): void {
    const { job, jobHigh } = idColumns(results.job);
    const { kind, status, execSeconds, heldSeconds, payloadSize, payloads } = results;
    const { incarnation } = this;
    // One by one: spreading objects into a new one takes the engine longer than all the rest of a small message.
    const value = { job, status, execSeconds, heldSeconds, payloadSize, payloads, jobHigh, kind, incarnation };
    this.blocked = !this.send({ message: { $case: 'results', value } });
  }

  /** Batches at the front that go in one message. */
  private mergeable(): number {
    let count = 1;
    let bytes = this.waiting[0].payloads.length;
    for (; count < this.waiting.length; count++) {
      bytes += this.waiting[count].payloads.length;
      if (bytes > messagePayloadBytesMax || isLarge(this.waiting[count], this.partBytesMax)) break;
    }
    return count;
  }
}

function isLarge(results: ResultBatch, bytesMax: number): boolean {
  return results.job.length === 1 && results.payloads.length > bytesMax;
}

/** Batches as one. */
function merge(batches: readonly ResultBatch[]): ResultBatch {
  if (batches.length === 1) return batches[0];
  const all = <T>(pick: (batch: ResultBatch) => readonly T[], missing: T): T[] => {
    if (batches.every((batch) => pick(batch).length === 0)) return [];
    return batches.flatMap((batch) => (pick(batch).length === 0 ? batch.job.map(() => missing) : pick(batch)));
  };
  return {
    job: batches.flatMap((batch) => batch.job),
    status: all((batch) => batch.status, JobStatus.DONE),
    execSeconds: all((batch) => batch.execSeconds, 0),
    heldSeconds: all((batch) => batch.heldSeconds, 0),
    payloadSize: all((batch) => batch.payloadSize, 0),
    payloads: Buffer.concat(batches.map((batch) => batch.payloads)),
    jobHigh: [],
    kind: mergeKinds(batches),
    incarnation: 0,
  };
}

/** One entry while all are of one kind. */
function mergeKinds(batches: readonly ResultBatch[]): number[] {
  const [first] = batches[0].kind;
  if (batches.every(({ kind }) => kind.length === 1 && kind[0] === first)) return [first];
  return batches.flatMap(({ job, kind }) => (kind.length === 1 ? job.map(() => kind[0]) : kind));
}
