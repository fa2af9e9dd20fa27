import { JobList, nil } from './job-list.js';
import { queueAlone, queueHeld, queueNone, queueOfKind, queueUrgent, type JobTable } from './job-table.js';
import { KindState } from './kind-state.js';
import { urgentInRowMax } from '../../common/limits.js';
import type { JobSink } from '../port/job-sink.js';
import type { Shares } from '../shares/shares.js';
import { oldestOf, ShareLines } from './share-lines.js';

/** Jobs of each line that `first` looks at: those behind them wait longer anyhow. */
const lookedAtMax = 32;

/** The jobs that wait at the hub: two lines per kind, and those that not every worker may take. */
export class WaitLines {
  readonly kinds = new Map<number, KindState>();
  /** The same by number, since each job asks several times. */
  private readonly byNumber: (KindState | undefined)[] = [];
  /** Jobs that must not go to some worker. */
  readonly avoiding = new JobList();
  /** Jobs whose workers died twice. */
  readonly alone = new JobList();
  /** Jobs whose answer is audited. */
  readonly held = new JobList();
  /** Jobs that wait for a worker, in all lines. */
  count = 0;
  /** In place of two lines per kind, as many for each client; null: clients have no shares. */
  readonly ofClients: ShareLines | null;
  private urgentInRow = 0;

  constructor(
    private readonly table: JobTable,
    /** Names of the kinds that are known by name. */
    private readonly nameOf: (kind: number) => string | undefined,
    shares: Shares | null = null,
  ) {
    this.ofClients = shares === null ? null : new ShareLines(table, shares, (kind) => this.kind(kind));
  }

  kind(kind: number): KindState {
    return this.byNumber[kind] ?? this.addKind(kind);
  }

  private addKind(kind: number): KindState {
    const state = new KindState(kind, this.nameOf(kind) ?? `KIND_${kind}`);
    this.kinds.set(kind, state);
    this.byNumber[kind] = state;
    return state;
  }

  /** Puts a row that is in no list at the end of a line, or at its front: it has waited already. */
  add(row: number, queue: number, first: boolean): void {
    const list = this.listOf(row, queue);
    this.table.queues[row] = queue;
    if (first) this.table.links.prepend(list, row);
    else this.table.links.append(list, row);
    if (queue !== queueHeld) this.count++;
    if (this.ofClients !== null && ofKind(queue)) this.ofClients.queued(row);
  }

  remove(row: number): void {
    const queue = this.table.queues[row];
    this.table.links.remove(this.listOf(row, queue), row);
    this.table.queues[row] = queueNone;
    if (queue !== queueHeld) this.count--;
    if (this.ofClients !== null && ofKind(queue)) this.ofClients.left(row);
  }

  /** All jobs that wait for a worker, those of one line in their order. */
  waiting(): number[] {
    const rows: number[] = [];
    for (const { head } of this.listsOfWaiting())
      for (let row = head; row !== nil; row = this.table.links.next[row]) rows.push(row);
    return rows;
  }

  /** A job that waits becomes one of another kind, and waits behind those of it. */
  moveTo(row: number, kind: number): void {
    const queue = this.table.queues[row];
    this.remove(row);
    this.table.kinds[row] = kind;
    this.add(row, queue, false);
  }

  /** Whether an urgent job may be given to a worker now though others wait. */
  get urgentMayPass(): boolean {
    return this.urgentInRow < urgentInRowMax || !this.anyOrdinary();
  }

  /** Whether a new job of the kind may be given to a worker at once: none waits that goes before it. */
  nothingBefore(state: KindState, sink: JobSink, now: number): boolean {
    // New jobs that took every room as it comes free would starve those that not every worker may have.
    if (this.avoiding.length > 0) return false;
    if (this.ofClients !== null) return this.ofClients.mayPass(sink.share ?? 0, now);
    return state.urgent.length === 0 && (state.queue.length === 0 || (sink.urgent === true && this.urgentMayPass));
  }

  /** A job that waited in no line, or was the next of its line, was given to a worker. */
  given(row: number): void {
    if (this.ofClients !== null) return this.ofClients.passed(row);
    this.urgentInRow = this.table.urgent[row] === 1 ? this.urgentInRow + 1 : 0;
  }

  /**
   * The job of any kind that is next, or nil: the oldest of the urgent ones, in their turn the oldest of the others.
   * Kinds that no worker may take now are left out. Where clients have shares, the one whose turn it is comes first.
   */
  next(): number {
    if (this.ofClients !== null) return this.ofClients.next();
    const urgent = this.oldest(true);
    if (urgent !== nil && this.urgentInRow < urgentInRowMax) return urgent;
    const other = this.oldest(false);
    return other === nil ? urgent : other;
  }

  /** A job that passes, among the first few of each line; nil: none does. */
  first(passes: (row: number) => boolean): number {
    for (const list of this.listsOfWaiting()) {
      let row = list.head;
      for (let looked = 0; row !== nil && looked < lookedAtMax; looked++, row = this.table.links.next[row]) {
        if (passes(row)) return row;
      }
    }
    return nil;
  }

  private listsOfWaiting(): JobList[] {
    const lists = [this.avoiding, this.alone];
    if (this.ofClients !== null) return [...lists, ...this.ofClients.lists()];
    for (const { urgent, queue } of this.kinds.values()) lists.push(urgent, queue);
    return lists;
  }

  private oldest(urgent: boolean): number {
    return oldestOf(this.kinds.values(), this.table.submittedAt, urgent);
  }

  private anyOrdinary(): boolean {
    for (const state of this.kinds.values()) if (state.queue.length > 0) return true;
    return false;
  }

  private listOf(row: number, queue: number): JobList {
    if (this.ofClients !== null && ofKind(queue)) return this.ofClients.listOf(row, queue === queueUrgent);
    if (queue === queueOfKind) return this.kind(this.table.kinds[row]).queue;
    if (queue === queueUrgent) return this.kind(this.table.kinds[row]).urgent;
    if (queue === queueHeld) return this.held;
    return queue === queueAlone ? this.alone : this.avoiding;
  }
}

const ofKind = (queue: number): boolean => queue === queueOfKind || queue === queueUrgent;
