import type { Logger } from '../../common/logging.js';
import type { Heartbeat, Hello } from '../../gen/trireme/v1/worker.js';
import { JobList } from '../jobs/job-list.js';
import { Outbound } from './outbound.js';
import { ResultParts } from './result-parts.js';
import type { ShortIds } from './short-ids.js';
import type { Stall } from './stall.js';
import type { Evidence, WorkerState } from '../port/snapshot.js';
import type { SecretHash } from './worker-secrets.js';
import type { WorkerStream } from '../port/worker-stream.js';

/** A job that a worker still has while another one was given it too. */
export interface LentJob {
  readonly kind: number;
  readonly units: number;
  readonly givenAt: number;
  /** When it had been with its worker for too long. */
  readonly overdueAt: number;
  /** Seconds that the copy was charged to the budget. */
  chargedSeconds: number;
  /** It was not the first to have the job. */
  readonly isCopy: boolean;
}

/** One worker from its Hello to the end of its stream. */
export class AttachedWorker {
  /** JOINING only inside attach; LOST and LEFT are final. */
  private current: WorkerState = 'JOINING';
  /** The picker's index; -1 once it is gone. */
  index = -1;
  /** Jobs given and not answered, oldest first, through the table's links. */
  readonly jobs = new JobList();
  /** Bytes of their payloads. */
  payloadBytes = 0;
  /** Jobs, by id, that it has and that were given to another worker too while it was silent. */
  readonly lent = new Map<number, LentJob>();
  readonly outbound = new Outbound();
  readonly parts: ResultParts;
  /** Stands in the list of those to be sent something at the end of this turn. */
  dirty = false;
  /** The stream asked to hold back. */
  blocked = false;
  /** Said so in its last heartbeat, or gave a job back. */
  draining = false;
  /** Row id of the one job that it holds, or is kept free for, alone; 0 is none. */
  aloneJob = 0;
  /** Why it is quarantined, or null. */
  evidence: Evidence | null = null;
  /** Results that may still come for jobs taken away from it. Any beyond them were never asked for. */
  resultsForgiven = 0;
  picks = 0;
  /** When it last answered a job, or joined, on the hub's clock. */
  answeredAt: number;
  /** Since then: overdue jobs that were taken from it, and copies that were made of its overdue jobs. */
  missed = 0;
  missedKind = 0;
  copiedUnanswered = 0;
  /** It is suspended, because it answers nothing: see Stalls. */
  stall: Stall | null = null;
  heartbeat: Heartbeat;
  lastHeartbeatMs: number;
  /** Jobs of each kind that it has done, and those that failed on it; a kind that it never ran is undefined. */
  private readonly done: (number | undefined)[] = [];
  private readonly failed: (number | undefined)[] = [];

  constructor(
    readonly number: number,
    readonly hello: Hello,
    readonly stream: WorkerStream,
    private readonly log: Logger,
    resultBytesMax: number,
    /** When something of it was last heard, on the hub's clock. */
    public heardAt: number,
    wallMs: number,
    /** Null: it knows the hub's ids. */
    readonly shortIds: ShortIds | null = null,
    /** What a Hello under the same id must show. */
    readonly secret: SecretHash = null,
  ) {
    this.parts = new ResultParts(resultBytesMax);
    this.lastHeartbeatMs = wallMs;
    this.answeredAt = heardAt;
    this.heartbeat = {
      slots: hello.slots,
      busy: 0,
      queued: 0,
      load: 0,
      draining: false,
      backlogElsewhereSeconds: 0,
    };
  }

  countDone(kind: number): void {
    this.done[kind] = this.doneOf(kind) + 1;
  }

  countFailed(kind: number): void {
    this.failed[kind] = this.failedOf(kind) + 1;
  }

  doneOf(kind: number): number {
    return this.done[kind] ?? 0;
  }

  failedOf(kind: number): number {
    return this.failed[kind] ?? 0;
  }

  get state(): WorkerState {
    return this.current;
  }

  get gone(): boolean {
    return this.current === 'LOST' || this.current === 'LEFT';
  }

  offers(kind: number): boolean {
    return this.hello.kinds.some((offer) => offer.kind === kind);
  }

  /** The only way to another state. */
  setState(state: WorkerState, reason: string): void {
    if (state === this.current) return;
    const facts = { worker: this.hello.name, workerId: this.hello.workerId, from: this.current, to: state, reason };
    this.current = state;
    if (state === 'LOST' || state === 'SUSPENDED') this.log.warn(facts, 'worker state');
    else this.log.info(facts, 'worker state');
  }
}
