import type { TriremeError } from '../../common/errors.js';
import type { Deadlines } from '../jobs/deadlines.js';
import { nil } from '../jobs/job-list.js';
import { queueHeld, type JobTable } from '../jobs/job-table.js';
import type { FailureCount, KindState } from '../jobs/kind-state.js';
import type { WaitLines } from '../jobs/wait-lines.js';
import { noJob, type JobSink } from '../port/job-sink.js';
import type { AttachedWorker } from '../workers/attached-worker.js';
import type { Turn } from '../workers/turn.js';
import type { AnswerBytes, AuditGate } from './audit-gate.js';
import type { Hedges } from './hedges.js';
import type { JobLife } from './job-life.js';
import type { Places } from './places.js';

/** The one end of each job: its sink hears an answer or an error, and nothing of the job is left at the hub. */
export class Endings {
  /** Called whenever the last live job has ended. */
  onIdle: (() => void) | null = null;

  constructor(
    private readonly table: JobTable,
    private readonly lines: WaitLines,
    private readonly places: Places,
    private readonly deadlines: Deadlines,
    private readonly hedges: Hedges,
    private readonly gate: AuditGate,
    private readonly life: JobLife,
    private readonly turn: Turn,
  ) {}

  /** Ends a job with its answer, or holds that back to be audited. The row has been released. */
  done(row: number, answer: AnswerBytes, worker: AttachedWorker, exec: number, now: number): void {
    const audit = this.gate.begin(row, answer, worker, exec, now);
    if (audit === 0) return this.deliver(row, answer, worker.number, exec, now);
    this.hedges.callOff(row);
    this.lines.add(row, queueHeld, false);
    this.gate.start(audit);
  }

  /** Answers a job whose answer was held back, if it still wants one. */
  answerHeld(id: number, bytes: Uint8Array, worker: number, exec: number): void {
    const row = this.table.rowOf(id);
    if (row === nil) return;
    this.places.leave(row);
    this.deliver(row, { bytes, start: 0, end: bytes.length }, worker, exec, this.turn.now());
  }

  failHeld(id: number, error: TriremeError): void {
    const row = this.table.rowOf(id);
    if (row === nil) return;
    this.places.leave(row);
    this.fail(row, 'failed', error);
  }

  /** Ends a job without an answer. The row is in no list. @param exec seconds that it ran; NaN: nobody says */
  fail(row: number, outcome: FailureCount, error: TriremeError, exec = NaN): void {
    const sink = this.table.sinks[row] as JobSink;
    const tag = this.table.tags[row];
    this.life.failed(this.lines.kind(this.table.kinds[row]), outcome, error);
    this.forget(row, exec);
    sink.failed(tag, error);
  }

  /** Ends a job that the hub did not take. */
  refuse(state: KindState, outcome: FailureCount, sink: JobSink, tag: number, error: TriremeError): number {
    this.life.failed(state, outcome, error);
    sink.failed(tag, error);
    return noJob;
  }

  private deliver(row: number, answer: AnswerBytes, worker: number, exec: number, now: number): void {
    const { table } = this;
    const sink = table.sinks[row] as JobSink;
    const tag = table.tags[row];
    const attempts = table.attempts[row];
    const total = now - table.submittedAt[row];
    this.life.answered(row, total);
    this.forget(row, exec);
    sink.done(tag, answer.bytes, answer.start, answer.end, worker, exec, attempts, total);
  }

  private forget(row: number, exec: number): void {
    this.lines.ofClients?.ended(row, exec, this.turn.now());
    this.deadlines.clear(row);
    this.hedges.callOff(row);
    this.table.free(row);
    if (this.table.live > 0) return;
    this.life.idle();
    this.onIdle?.();
  }
}
