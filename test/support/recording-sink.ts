import type { TriremeError } from '../../src/common/errors.js';
import type { JobSink } from '../../src/hub/port/job-sink.js';

/** Writes down what a hub answers, by tag. */
export class RecordingSink implements JobSink {
  readonly answers = new Map<number, string>();
  readonly errors = new Map<number, string>();
  readonly attempts = new Map<number, number>();
  readonly givenTo: [tag: number, worker: number][] = [];
  /** Tags in the order of their ends. */
  readonly order: number[] = [];
  /** Answers beyond the first: must stay empty. */
  readonly extra: number[] = [];

  done(tag: number, bytes: Uint8Array, start: number, end: number, _w: number, _exec: number, attempts: number): void {
    this.note(tag);
    this.answers.set(tag, Buffer.from(bytes.subarray(start, end)).toString());
    this.attempts.set(tag, attempts);
  }

  failed(tag: number, error: TriremeError): void {
    this.note(tag);
    this.errors.set(tag, error.code);
  }

  given(tag: number, worker: number): void {
    this.givenTo.push([tag, worker]);
  }

  private note(tag: number): void {
    if (this.answers.has(tag) || this.errors.has(tag)) this.extra.push(tag);
    this.order.push(tag);
  }
}
