import type { BatchSource, KindBatch } from '../../src/kinds/kind.js';

/** A batch in plain memory, to run a kind without threads. */
export class PlainBatch implements KindBatch {
  readonly answers: {
    readonly status: 'DONE' | 'FAILED' | 'NOT_RUN';
    readonly text: string;
    readonly bytes: Buffer;
  }[] = [];
  readonly progressed: number[] = [];
  stop = false;

  constructor(
    readonly count: number,
    private readonly payloads: readonly Uint8Array[] = [],
    readonly source: BatchSource | null = null,
  ) {}

  payload(index: number): Uint8Array {
    return this.payloads[index] ?? new Uint8Array(0);
  }
  answer(bytes: Uint8Array): void {
    this.#add('DONE', Buffer.from(bytes));
  }
  answerEach(bytes: Uint8Array, bytesEach: number): void {
    for (let at = 0; at < bytes.length; at += bytesEach) this.answer(bytes.subarray(at, at + bytesEach));
  }
  fail(reason: string): void {
    this.#add('FAILED', Buffer.from(reason));
  }
  notRun(reason: string): void {
    this.#add('NOT_RUN', Buffer.from(reason));
  }
  cancelled(): boolean {
    return this.stop;
  }
  progress(units: number): void {
    this.progressed.push(units);
  }

  #add(status: 'DONE' | 'FAILED' | 'NOT_RUN', bytes: Buffer): void {
    this.answers.push({ status, text: bytes.toString('latin1'), bytes });
  }
}
