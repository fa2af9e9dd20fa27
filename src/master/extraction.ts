import { headerBytesWanted, readHeader } from '../pcap/read-header.js';
import { compressionOf, type Compression } from '../captures/packed/compression.js';
import { loadScanModule } from '../captures/scan/scan-module.js';
import { TriremeError } from '../common/errors.js';
import type { Hub } from '../hub/port/hub.js';
import { noWorker, type JobSink } from '../hub/port/job-sink.js';
import { planChunks, wholeFilePlan } from '../pcap/chunk-plans.js';
import { ExtractOrder, type ExtractTask } from '../pcap/extract-order.js';
import type { ExtractOptions, ExtractOutcome } from '../pcap/extractor.js';
import { gapsOf, planOf } from '../pcap/pieces/selected-merger.js';
import { mustHeed } from './chunk-answer.js';
import { chunkPayload } from './chunk-payload.js';
import { chunksOutstandingPerSlot } from './chunk-jobs.js';
import { knowingFirstOf } from './first-time-of.js';
import { readExtractAnswer, type AnsweredPiece } from './extract-answer.js';
import { selectedBy } from './indexed-selection.js';
import type { OpenCapture } from './open-capture.js';

/** Bytes of a chunk to extract from: its packets come as one answer. */
export const extractChunkBytesMax = 16 * 1024 * 1024;
/** Bytes of chunks of one extraction that are begun and not sent on: what its client does not take waits in memory. */
export const extractAheadBytesMax = 512 * 1024 * 1024;

/** Number of the kind EXTRACT_CHUNK. */
export const extractChunkKind = 102;

export interface ExtractionSetup {
  readonly hub: Hub;
  readonly capture: OpenCapture;
  /** Name of the capture at ChunkSource. */
  readonly source: string;
  /** Bytes of a chunk; null: extractChunkBytesMax. */
  readonly chunkBytes: number | null;
  readonly options: ExtractOptions;
  /** An index beside the capture may say which pieces of it are read. */
  readonly byIndex: boolean;
  readonly waitMs: number;
  /** Gets the packets in order; more is not given to it before its promise is kept. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly onProgress: (bytesDone: number, workers: number, message: string) => void;
}

export type Extracted = ExtractOutcome & { readonly inputDamage: string | null };

/** Packets taken out of one capture by the workers of a hub: the very bytes that one core takes out. */
export class Extraction implements JobSink {
  private order!: ExtractOrder<AnsweredPiece>;
  private readonly compression: Compression | null;
  private readonly chunkBytes: number;
  private span: ExtractOptions['span'];
  /** What there is to say of the capture's index; empty: nothing. */
  private note = '';
  private readonly jobs = new Map<number, { readonly task: ExtractTask; readonly job: number }>();
  private readonly answers: AnsweredPiece[] = [];
  /** Tasks begun and not judged. */
  private ahead = 0;
  private tags = 0;
  private failure: TriremeError | null = null;
  private wake: () => void = () => undefined;

  constructor(private readonly setup: ExtractionSetup) {
    const { capture, options, chunkBytes } = setup;
    this.compression = compressionOf(capture.bytes.first);
    this.chunkBytes = Math.min(chunkBytes ?? extractChunkBytesMax, extractChunkBytesMax);
    this.span = options.span;
  }

  /** @throws TriremeError of the capture, the workers or the writing; nothing of it runs any more */
  async run(): Promise<Extracted> {
    const { hub } = this.setup;
    await this.plan();
    const stopWatching = hub.onWorkersChanged(() => this.wake());
    const timer = setInterval(() => this.wake(), 500);
    let aloneSince = performance.now();
    let inputDamage: string | null = null;
    try {
      for (;;) {
        if (this.failure !== null) throw this.failure;
        for (let judged = this.order.judge(); judged !== null; judged = this.order.judge()) {
          this.ahead--;
          if (!judged.taken) continue;
          ({ inputDamage } = judged.piece);
          this.feed();
          if (judged.piece.bytes.length > 0) await this.setup.write(judged.piece.bytes);
        }
        if (this.order.end !== null) break;
        const workers = hub.workersReady(extractChunkKind);
        if (workers > 0) aloneSince = performance.now();
        const aloneMs = performance.now() - aloneSince;
        if (aloneMs >= this.setup.waitMs) throw this.nobodyCame();
        this.setup.onProgress(this.order.provenBytes, workers, workers > 0 ? this.note : 'waiting for a worker');
        this.feed();
        if (this.answers.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
        for (const piece of this.answers.splice(0)) this.order.offer(piece);
      }
      const { end, packets, ofPackets } = this.order;
      return { ...end, packets, ofPackets, inputDamage };
    } finally {
      stopWatching();
      clearInterval(timer);
      for (const { job } of [...this.jobs.values()]) hub.cancel(job);
      this.jobs.clear();
    }
  }

  /** Ends it: run() rejects with this error. */
  abort(error: TriremeError): void {
    this.failure ??= error;
    this.wake();
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number): void {
    const asked = this.jobs.get(tag);
    if (asked === undefined) return;
    this.jobs.delete(tag);
    try {
      this.answers.push(readExtractAnswer(bytes.subarray(start, end), asked.task, mustHeed(this.setup.options)));
      this.wake();
    } catch (error) {
      this.abort(TriremeError.from(error));
    }
  }

  failed(tag: number, error: TriremeError): void {
    if (this.jobs.delete(tag)) this.abort(error);
  }

  /** Begins as many chunks as the workers have use for and memory allows. */
  private feed(): void {
    const { hub, capture } = this.setup;
    const slots = hub.capacity(extractChunkKind).reduce((sum, worker) => sum + worker.slots, 0);
    const most = Math.min(slots * chunksOutstandingPerSlot, Math.floor(extractAheadBytesMax / this.chunkBytes));
    while (this.failure === null && this.ahead < most) {
      const task = this.order.task();
      if (task === null) return;
      const { start, end } = task.plan;
      const tag = ++this.tags;
      this.ahead++;
      // The sink may hear of a refusal before the job has an id.
      this.jobs.set(tag, { task, job: 0 });
      const units = Math.max(1, (end ?? capture.sizeBytes) - start);
      const job = hub.submit(extractChunkKind, units, this.payload(task), 0, noWorker, this, tag);
      if (this.jobs.has(tag)) this.jobs.set(tag, { task, job });
    }
  }

  /** The chunks: those that an index beside the capture leaves, or all. */
  private async plan(): Promise<void> {
    const { capture, options, byIndex } = this.setup;
    const { bytes, path, sizeBytes } = capture;
    const packetsMax = options.packetsMax ?? null;
    const known = knowingFirstOf(loadScanModule(), bytes, { span: options.span });
    this.span = known?.span ?? options.span;
    if (this.compression !== null || known === null) {
      this.order = new ExtractOrder([wholeFilePlan], packetsMax);
      return;
    }
    if (byIndex) {
      const scan = { filter: options.filter, span: this.span };
      const { chunkBytes } = this;
      const beside = (await capture.readIndex?.()) ?? null;
      const { selection, note } = await selectedBy({ path, bytes, sizeBytes, beside, scan, others: true, chunkBytes });
      this.note = note;
      if (selection !== null) {
        this.order = new ExtractOrder(selection.runs.map(planOf), packetsMax, gapsOf(selection));
        return;
      }
    }
    const header = readHeader(loadScanModule(), bytes.first.subarray(0, headerBytesWanted), sizeBytes);
    this.order = new ExtractOrder(planChunks(header, { chunkBytes: this.chunkBytes }), packetsMax);
  }

  private payload({ plan, packetsMax }: ExtractTask): Uint8Array {
    const { capture, source, options } = this.setup;
    const { span } = this;
    const { filter, filterTags } = options;
    const asked = { filter, filterTags, span, packetsMax: packetsMax?.toString() };
    return chunkPayload(capture, source, plan, asked, this.compression);
  }

  private nobodyCame(): TriremeError {
    const seconds = this.setup.waitMs / 1000;
    return new TriremeError(
      'NO_WORKER',
      `no worker that takes out packets came within ${seconds} s: start one with 'trireme worker --host ...'`,
    );
  }
}
