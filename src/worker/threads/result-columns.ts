import { JobStatus, type ResultBatch } from '../../gen/trireme/v1/worker.js';
import type { JobColumns } from './job-queue.js';

/** A larger answer is reported in a call of its own. */
const resultAloneBytes = 64 * 1024;

/** The results of one hub since the last report, in the columns of the wire. */
export class ResultColumns {
  private job: number[] = [];
  /** One entry while all are of one kind. */
  private kind: number[] = [];
  private status: JobStatus[] = [];
  private exec: number[] = [];
  private arrival: number[] = [];
  private size: number[] = [];
  private bytes: Uint8Array[] = [];
  private allDone = true;
  private readonly large: ResultBatch[] = [];

  /** Adds one result; bytes must stay as they are. */
  add(job: number, kind: number, status: JobStatus, execSeconds: number, arrival: number, bytes: Uint8Array): void {
    this.addKind(kind, 1);
    this.job.push(job);
    this.status.push(status);
    this.exec.push(execSeconds);
    this.arrival.push(arrival);
    this.size.push(bytes.length);
    if (bytes.length > 0) this.bytes.push(bytes);
    if (status !== JobStatus.DONE) this.allDone = false;
  }

  /**
   * Adds a batch that ran. bytes holds the answers one after another and must stay as it is.
   * @param shares what each job took, in means of all; null: each took the mean
   */
  addBatch(
    columns: JobColumns,
    kind: number,
    status: Int32Array,
    execSecondsEach: number,
    size: Uint32Array,
    bytes: Buffer,
    shares: Float64Array | null = null,
  ): void {
    const { job, arrival } = columns;
    if (bytes.length > resultAloneBytes && size.subarray(0, job.length).some((each) => each > resultAloneBytes)) {
      return this.addLarge(columns, kind, status, execSecondsEach, size, bytes, shares);
    }
    this.addKind(kind, job.length);
    for (let index = 0; index < job.length; index++) {
      this.job.push(job[index]);
      this.status.push(status[index]);
      this.exec.push(shares === null ? execSecondsEach : execSecondsEach * shares[index]);
      this.arrival.push(arrival[index]);
      this.size.push(size[index]);
      if (status[index] !== JobStatus.DONE) this.allDone = false;
    }
    this.bytes.push(bytes);
  }

  /** Before the jobs themselves are added. */
  private addKind(kind: number, count: number): void {
    if (this.job.length === 0) this.kind.push(kind);
    else if (this.kind.length > 1 || this.kind[0] !== kind) {
      if (this.kind.length === 1) this.kind = this.job.map(() => this.kind[0]);
      for (let each = 0; each < count; each++) this.kind.push(kind);
    }
  }

  private addLarge(
    columns: JobColumns,
    kind: number,
    status: Int32Array,
    execEach: number,
    size: Uint32Array,
    bytes: Buffer,
    shares: Float64Array | null,
  ): void {
    let at = 0;
    columns.job.forEach((job, index) => {
      const own = bytes.subarray(at, (at += size[index]));
      const exec = shares === null ? execEach : execEach * shares[index];
      if (own.length <= resultAloneBytes) return this.add(job, kind, status[index], exec, columns.arrival[index], own);
      this.large.push({
        job: [job],
        jobHigh: [],
        kind: [kind],
        incarnation: 0,
        status: [status[index]],
        execSeconds: [exec],
        heldSeconds: [columns.arrival[index]],
        payloadSize: [own.length],
        payloads: own,
      });
    });
  }

  /** Gives everything that was added to `report`, with held seconds up to now, and starts anew. */
  flush(now: number, report: (results: ResultBatch) => void): void {
    const large = this.large.splice(0);
    if (this.job.length > 0) {
      const results: ResultBatch = {
        job: this.job,
        jobHigh: [],
        kind: this.kind,
        incarnation: 0,
        status: this.allDone ? [] : this.status,
        execSeconds: this.exec,
        heldSeconds: this.arrival,
        payloadSize: this.size,
        payloads: this.bytes.length === 1 ? asBuffer(this.bytes[0]) : Buffer.concat(this.bytes),
      };
      this.job = [];
      this.kind = [];
      this.status = [];
      this.exec = [];
      this.arrival = [];
      this.size = [];
      this.bytes = [];
      this.allDone = true;
      large.unshift(results);
    }
    for (const results of large) {
      for (let index = 0; index < results.heldSeconds.length; index++) {
        results.heldSeconds[index] = now - results.heldSeconds[index];
      }
      report(results);
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
