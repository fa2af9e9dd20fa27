import type { Audits } from '../audit/audits.js';
import type { JobTable } from '../jobs/job-table.js';
import type { AttachedWorker } from '../workers/attached-worker.js';

/** Where an answer stands in the bytes that hold it. */
export interface AnswerBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Which answers are held back until another worker has given the same, and who may not give it. */
export class AuditGate {
  /** @param audits null: no answer is audited */
  constructor(
    private readonly audits: Audits | null,
    private readonly table: JobTable,
  ) {}

  /** Whether the worker must not have this job, because it audits an answer of the worker's. */
  barred(row: number, worker: AttachedWorker): boolean {
    const { audits, table } = this;
    return audits !== null && this.isAudit(row) && audits.excludes(table.tags[row], worker.hello.workerId);
  }

  /** Begins to audit the answer of this job, where that is due. @returns the audit's number; 0: the answer may go */
  begin(row: number, answer: AnswerBytes, worker: AttachedWorker, exec: number, now: number): number {
    const { audits } = this;
    const { ids, kinds, units, payloads, submittedAt } = this.table;
    if (audits === null || this.isAudit(row) || !audits.due(kinds[row])) return 0;
    const bytes = answer.bytes.subarray(answer.start, answer.end);
    return audits.begin(ids[row], kinds[row], units[row], payloads[row], bytes, worker, exec, now - submittedAt[row]);
  }

  /** Asks another worker, once the answer is held. */
  start(number: number): void {
    this.audits?.start(number);
  }

  private isAudit(row: number): boolean {
    return this.table.sinks[row] === this.audits;
  }
}
