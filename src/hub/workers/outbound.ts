import { highOf, idColumns } from '../../common/job-ids.js';
import type { HubMessage } from '../../gen/trireme/v1/worker.js';
import { nil } from '../jobs/job-list.js';
import type { JobTable } from '../jobs/job-table.js';

const noBytes = Buffer.alloc(0);

/** Bytes of payloads in one message: above it the rest follows in the next, well below the bound of a message. */
const payloadBytesMax = 8 * 1024 * 1024;

/** What is decided for one worker in this turn of the event loop and goes out in one message of each sort. */
export class Outbound {
  private jobs: number[] = [];
  private cancels: number[] = [];
  private recalls: number[] = [];

  /** Id of a job that is another worker's and goes to this one too, or 0. */
  private probe = 0;

  get empty(): boolean {
    return this.jobs.length === 0 && this.cancels.length === 0 && this.recalls.length === 0;
  }

  addJob(id: number): void {
    this.jobs.push(id);
  }

  /** As addJob, for a job that another worker keeps. */
  addProbe(id: number): void {
    this.probe = id;
    this.jobs.push(id);
  }

  addCancel(id: number): void {
    this.cancels.push(id);
  }

  addRecall(id: number): void {
    this.recalls.push(id);
  }

  /**
   * The messages, built from the table's columns. Jobs that are not this worker's any more are left out, and their ids
   * are added to `unsent`. Empties itself.
   * @param numbers what workers call each kind
   */
  take(table: JobTable, worker: number, now: number, unsent: number[], numbers: Readonly<Uint16Array>): HubMessage[] {
    const messages: HubMessage[] = [];
    const ids = this.jobs;
    const cancels = this.cancels;
    this.jobs = [];
    const { recalls } = this;
    this.cancels = [];
    this.recalls = [];
    for (let from = 0; from < ids.length;)
      from = this.takeJobs(ids, from, table, worker, now, messages, unsent, numbers);
    if (recalls.length > 0) messages.push({ message: { $case: 'recalls', value: idColumns(recalls) } });
    if (cancels.length > 0) messages.push({ message: { $case: 'cancels', value: idColumns(cancels) } });
    return messages;
  }

  private takeJobs(
    ids: readonly number[],
    from: number,
    table: JobTable,
    worker: number,
    now: number,
    messages: HubMessage[],
    unsent: number[],
    numbers: Readonly<Uint16Array>,
  ): number {
    const job: number[] = [];
    let jobHigh: number[] = [];
    const kind: number[] = [];
    let sizes: number[] = [];
    let timeouts: number[] = [];
    let urgent: boolean[] = [];
    const traceparent: string[] = [];
    const traced = table.traces.size > 0;
    const payloads: Uint8Array[] = [];
    let bytes = 0;
    let at = from;
    /** What the first job's id has above its lower 32 bits. */
    let above = -1;
    for (; at < ids.length && bytes < payloadBytesMax; at++) {
      const id = ids[at];
      const row = table.rowOf(id);
      if (row === nil || (table.workers[row] !== worker && id !== this.probe)) {
        unsent.push(id);
        continue;
      }
      const low = id >>> 0;
      if (above === -1) above = id - low;
      // A column stays short while all its values are the same; the first other one fills in those before it.
      if (id - low !== above && jobHigh.length === 0) jobHigh = job.map(() => highOf(above));
      if (jobHigh.length > 0) jobHigh.push(highOf(id));
      const payload = table.payloads[row];
      const size = payload === null ? 0 : payload.length;
      if (size > 0) {
        if (sizes.length === 0) sizes = job.map(() => 0);
        payloads.push(payload as Uint8Array);
        bytes += size;
      }
      const deadline = table.deadlines[row];
      if (deadline !== Infinity && timeouts.length === 0) timeouts = job.map(() => 0);
      const first = table.urgent[row] === 1;
      if (first && urgent.length === 0) urgent = job.map(() => false);
      if (traced) traceparent.push(table.traces.get(id) ?? '');
      job.push(low);
      kind.push(numbers[table.kinds[row]]);
      if (bytes > 0) sizes.push(size);
      if (deadline !== Infinity) timeouts.push(Math.max(deadline - now, 1e-3));
      else if (timeouts.length > 0) timeouts.push(0);
      if (first || urgent.length > 0) urgent.push(first);
    }
    if (job.length > 0) {
      // Not spread into the object: that takes the engine longer than all the rest of a message with one job.
      if (jobHigh.length === 0 && above > 0) jobHigh.push(highOf(above));
      messages.push({
        message: {
          $case: 'jobs',
          value: {
            job,
            jobHigh,
            kind,
            payloadSize: sizes,
            payloads: bytes === 0 ? noBytes : Buffer.concat(payloads, bytes),
            timeoutSeconds: timeouts,
            urgent,
            traces: traced ? { traceparent } : undefined,
          },
        },
      });
    }
    return at;
  }
}
