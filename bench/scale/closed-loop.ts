import type { TriremeError } from '../../src/common/errors.js';
import { noWorker, type JobSink } from '../../src/hub/port/job-sink.js';
import type { Hub } from '../../src/hub/port/hub.js';

/** Keeps so many jobs live at a hub: each that ends is followed by another one. Tags are numbers from 1 on. */
export class ClosedLoop implements JobSink {
  answered = 0;
  failure: TriremeError | null = null;
  live = 0;
  /** Worker that each live job was last given to, and how many each has. */
  readonly holders = new Map<number, number>();
  private readonly held = new Map<number, number>();
  /** Hears of every job that is given, when set. */
  onGiven: ((tag: number, worker: number) => void) | null = null;
  private tags = 0;
  private stopped = false;
  private onIdle: (() => void) | null = null;

  constructor(
    private readonly hub: Hub,
    private readonly kind: number,
    private readonly tracked: boolean,
  ) {}

  start(live: number): void {
    for (let job = 0; job < live; job++) this.submit();
  }

  /** Submits nothing more; resolves when the last job has ended. */
  stop(): Promise<void> {
    this.stopped = true;
    return new Promise((resolve) => {
      if (this.live === 0) resolve();
      else this.onIdle = resolve;
    });
  }

  /** Live jobs that were last given to this worker. */
  heldBy(worker: number): number {
    return this.held.get(worker) ?? 0;
  }

  given(tag: number, worker: number): void {
    if (!this.tracked) return;
    this.count(this.holders.get(tag), -1);
    this.holders.set(tag, worker);
    this.count(worker, 1);
    this.onGiven?.(tag, worker);
  }

  done(tag: number): void {
    this.answered++;
    this.ended(tag);
  }

  /** Nothing here may fail: the load ends. */
  failed(tag: number, error: TriremeError): void {
    this.failure ??= error;
    this.stopped = true;
    this.ended(tag);
  }

  private count(worker: number | undefined, change: number): void {
    if (worker !== undefined) this.held.set(worker, this.heldBy(worker) + change);
  }

  private submit(): void {
    this.live++;
    this.hub.submit(this.kind, 1, null, 0, noWorker, this, ++this.tags);
  }

  private ended(tag: number): void {
    this.live--;
    if (this.tracked) {
      this.count(this.holders.get(tag), -1);
      this.holders.delete(tag);
    }
    if (!this.stopped) this.submit();
    else if (this.live === 0) this.onIdle?.();
  }
}
