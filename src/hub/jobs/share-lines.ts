import { urgentInRowMax } from '../../common/limits.js';
import type { Share } from '../shares/share.js';
import type { Shares } from '../shares/shares.js';
import { DrainRate } from './drain-rate.js';
import { grown, JobList, nil } from './job-list.js';
import type { JobTable } from './job-table.js';
import type { KindState } from './kind-state.js';

/** A job waits so long in its worker at most, which is the longest window; what is beyond it was work. */
const waitedSecondsMax = 0.1;

/** The jobs of one kind that wait, in two lines that are each first in, first out. */
export interface KindLines {
  readonly queue: JobList;
  readonly urgent: JobList;
  readonly blocked: boolean;
}

/** The oldest job at the head of these lines, or nil; kinds that no worker may take now are left out. */
export function oldestOf(kinds: Iterable<KindLines>, submittedAt: Float64Array, urgent: boolean): number {
  let oldest = nil;
  for (const lines of kinds) {
    const { head } = urgent ? lines.urgent : lines.queue;
    if (lines.blocked || head === nil) continue;
    if (oldest === nil || submittedAt[head] < submittedAt[oldest]) oldest = head;
  }
  return oldest;
}

/** Lines of one kind and one client. */
class ClientKind implements KindLines {
  readonly queue = new JobList();
  readonly urgent = new JobList();

  constructor(private readonly state: KindState) {}

  get blocked(): boolean {
    return this.state.blocked;
  }
}

/** The lines of one client: its urgent jobs go before its others, eight in a row at most. */
class ClientLines {
  readonly kinds = new Map<number, ClientKind>();
  readonly drainRate = new DrainRate();
  urgentInRow = 0;

  constructor(readonly share: Share) {}

  of(state: KindState): ClientKind {
    const { kind } = state.counters;
    let lines = this.kinds.get(kind);
    if (lines === undefined) this.kinds.set(kind, (lines = new ClientKind(state)));
    return lines;
  }

  next(submittedAt: Float64Array): number {
    const urgent = oldestOf(this.kinds.values(), submittedAt, true);
    if (urgent !== nil && this.urgentInRow < urgentInRowMax) return urgent;
    const other = oldestOf(this.kinds.values(), submittedAt, false);
    return other === nil ? urgent : other;
  }
}

/**
 * The jobs that wait, by the client that asked for them, where clients share the workers: each client has lines of its
 * own, and Shares says whose turn it is. It knows what each job was predicted to take when it was given out, which is
 * put right when its answer comes.
 */
export class ShareLines {
  private readonly clients: ClientLines[] = [];
  /**
   * Of each row: the number of its client, and the seconds that it was charged; 0: it was not given out; NaN: no
   * client's.
   */
  private numbers = new Uint32Array(0);
  private charged = new Float64Array(0);

  constructor(
    private readonly table: JobTable,
    readonly shares: Shares,
    private readonly stateOf: (kind: number) => KindState,
  ) {}

  /** A job is in the table. @param share number of its client; undefined: it is the hub's own and nobody pays for it */
  submitted(row: number, share: number | undefined): void {
    if (row >= this.numbers.length) {
      const capacity = this.table.ids.length;
      this.numbers = grown(this.numbers, new Uint32Array(capacity));
      this.charged = grown(this.charged, new Float64Array(capacity));
    }
    this.numbers[row] = share ?? 0;
    this.charged[row] = share === undefined ? NaN : 0;
    if (share !== undefined) this.shares.all[share].live++;
  }

  listOf(row: number, urgent: boolean): JobList {
    const lines = this.linesOf(this.numbers[row]).of(this.stateOf(this.table.kinds[row]));
    return urgent ? lines.urgent : lines.queue;
  }

  queued(row: number): void {
    this.shares.queued(this.shareOf(row));
  }

  left(row: number): void {
    this.shares.left(this.shareOf(row));
  }

  /** Whether a new job of this client is given to a worker at once, because no other one has a right to it. */
  mayPass(share: number, now: number): boolean {
    if (this.shares.all[share].waitSeconds(now) > 0) return false;
    return this.shares.waiting.every(({ throttled }) => throttled);
  }

  /** The next job of the client whose turn it is; nil: no worker takes any of those that wait and may be given out. */
  next(): number {
    let next = nil;
    let least = Infinity;
    for (const share of this.shares.waiting) {
      const { virtual } = share;
      if (share.throttled || virtual >= least) continue;
      const row = this.linesOf(share.number).next(this.table.submittedAt);
      if (row !== nil) [next, least] = [row, virtual];
    }
    return next;
  }

  /** The row, which waited or was about to, is the one that a worker gets now. */
  passed(row: number): void {
    const lines = this.linesOf(this.numbers[row]);
    lines.urgentInRow = this.table.urgent[row] === 1 ? lines.urgentInRow + 1 : 0;
  }

  /** It leaves a line for a worker. */
  drained(row: number, now: number): void {
    this.linesOf(this.numbers[row]).drainRate.left(now);
  }

  /** Seconds that a new job of the client would wait behind its others. */
  waitSeconds(share: number, now: number): number {
    return this.linesOf(share).drainRate.waitSeconds(this.shares.all[share].waiting, now);
  }

  /** A worker is given the row. @param seconds as predicted */
  given(row: number, seconds: number, now: number): void {
    if (this.charged[row] !== 0) return;
    this.charged[row] = Math.max(seconds, Number.MIN_VALUE);
    this.shares.given(this.shareOf(row), this.charged[row], now);
  }

  /** Its worker did not answer it and it waits again: its client pays for what it is answered alone. */
  returned(row: number, now: number): void {
    this.settle(row, 0, now);
  }

  /** The row has ended. @param seconds as measured; NaN: nobody says */
  ended(row: number, seconds: number, now: number): void {
    if (Number.isNaN(this.charged[row])) return;
    const share = this.shareOf(row);
    share.live--;
    share.jobsTotal++;
    // A worker that it had been taken from has answered it after all.
    if (this.charged[row] === 0 && seconds >= 0) this.given(row, 0, now);
    this.settle(row, Number.isNaN(seconds) ? this.unmeasured(row, now) : seconds, now);
  }

  /** All lines. */
  lists(): JobList[] {
    return this.clients.flatMap(({ kinds }) => [...kinds.values()].flatMap(({ urgent, queue }) => [urgent, queue]));
  }

  /**
   * What a job took that ended without an answer, because its client took it back, say: no more than the time since it
   * was given out. Where that is longer than predicted, most of it was work: a worker has little that waits.
   */
  private unmeasured(row: number, now: number): number {
    const elapsed = now - this.table.givenAt[row];
    return Math.min(elapsed, Math.max(this.charged[row], elapsed - waitedSecondsMax));
  }

  private settle(row: number, seconds: number, now: number): void {
    if (!(this.charged[row] > 0)) return;
    this.shares.settle(this.shareOf(row), this.charged[row], seconds, now);
    this.charged[row] = 0;
  }

  private shareOf(row: number): Share {
    return this.shares.all[this.numbers[row]];
  }

  private linesOf(share: number): ClientLines {
    return (this.clients[share] ??= new ClientLines(this.shares.all[share]));
  }
}
