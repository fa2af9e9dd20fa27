import { TriremeError } from '../../src/common/errors.js';
import { noJob, type JobSink } from '../../src/hub/port/job-sink.js';
import type { KindTerms } from '../../src/gen/trireme/v1/worker.js';
import type { Hub, KindCapacity, OfferedKind } from '../../src/hub/port/hub.js';
import type { HubSnapshot } from '../../src/hub/port/snapshot.js';

interface FakeJob {
  readonly id: number;
  readonly kind: number;
  readonly payload: Uint8Array | null;
  readonly sink: JobSink;
  readonly tag: number;
  readonly timeoutSeconds: number;
}

/** A hub without workers: the test answers its jobs, in any order, or lets it answer by itself (`answerWith`). */
export class FakeHub implements Hub {
  readonly id = 'fake';
  readonly services = [];
  readonly jobs = new Map<number, FakeJob>();
  readonly cancelled: number[] = [];
  submitted = 0;
  ready = 1;
  /** Most jobs that were live at once. */
  liveMax = 0;
  /** When set, each job is answered by itself on a later turn, in an order that is not the order asked. */
  answerWith: ((kind: number) => string) | undefined;
  private nextId = 1;
  private scheduled = false;
  private readonly listeners = new Set<() => void>();

  submit(
    kind: number,
    _units: number,
    payload: Uint8Array | null,
    timeoutSeconds: number,
    _avoidWorker: number,
    sink: JobSink,
    tag: number,
    pinned?: boolean,
  ): number {
    this.pinned = pinned;
    if (this.ready < 0) {
      sink.failed(tag, new TriremeError('QUEUE_FULL', '7 jobs wait'));
      return noJob;
    }
    const id = this.nextId++;
    this.submitted++;
    this.jobs.set(id, { id, kind, payload, sink, tag, timeoutSeconds });
    this.liveMax = Math.max(this.liveMax, this.jobs.size);
    if (this.answerWith !== undefined && !this.scheduled) {
      this.scheduled = true;
      setImmediate(() => this.answerAll());
    }
    return id;
  }

  private answerAll(): void {
    this.scheduled = false;
    for (const id of [...this.jobs.keys()].reverse()) {
      const job = this.jobs.get(id);
      if (job !== undefined) this.answer(id, this.answerWith?.(job.kind) ?? '');
    }
  }

  answer(id: number, text: string): void {
    const job = this.jobs.get(id) as FakeJob;
    this.jobs.delete(id);
    // As in a batch, the answer stands among the bytes of others.
    const bytes = Buffer.from(`before${text}after`);
    job.sink.done(job.tag, bytes, 6, bytes.length - 5, 0, 1e-6, 1, 0.001);
  }

  fail(id: number, error: TriremeError): void {
    const job = this.jobs.get(id) as FakeJob;
    this.jobs.delete(id);
    job.sink.failed(job.tag, error);
  }

  cancel(id: number): boolean {
    if (!this.jobs.has(id)) return false;
    this.cancelled.push(id);
    this.fail(id, new TriremeError('CANCELLED', 'cancelled by its client'));
    return true;
  }

  /** Jobs wait when the test says so. */
  jobsWaiting = 0;

  /** As last asked for. */
  windowSeconds = 0;

  widenWindows(seconds: number): void {
    this.windowSeconds = seconds;
  }

  workersReady(): number {
    return this.ready;
  }

  capacity(): KindCapacity[] {
    return [];
  }

  /** Kinds that its workers offer beside those of this build. */
  kinds: OfferedKind[] = [];

  offeredKinds(): OfferedKind[] {
    return this.kinds;
  }

  /** What was asked for last. */
  pinned: boolean | undefined;

  kindIndex(kind: number | string, version: string): number | undefined {
    const of = this.kinds.filter((each) => (typeof kind === 'string' ? each.name : each.number) === kind);
    return of.find(({ terms }) => version === '' || terms?.version === version)?.number;
  }

  kindTerms(number: number): KindTerms | null {
    return this.kinds.find((kind) => kind.number === number)?.terms ?? null;
  }

  quarantined(): boolean {
    return false;
  }

  workerName(): string {
    return 'fake-worker';
  }

  /** Says that the number of ready workers has changed. */
  setReady(ready: number): void {
    this.ready = ready;
    for (const listener of this.listeners) listener();
  }

  snapshot(): HubSnapshot {
    return {
      workers: [],
      jobsWaiting: 0,
      jobsLive: this.jobs.size,
      kinds: [],
      workersJoined: 0,
      workersLost: 0,
      workersCut: 0,
      workersSuspended: 0,
      workersQuarantined: 0,
      audits: {},
      draining: false,
    };
  }

  onWorkersChanged(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
