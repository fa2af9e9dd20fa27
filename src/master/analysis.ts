import { monotonicClock } from '../common/clock.js';
import { loadScanModule } from '../captures/scan-module.js';
import { TriremeError } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import { ScanChunk, type AnalyzeProgress, type AnalyzeResult } from '../gen/trireme/v1/capture.js';
import type { Hub } from '../hub/types.js';
import type { ChunkPlan } from '../pcap/types.js';
import type { ChunkAnswer } from './chunk-answer.js';
import { ChunkJobs, scanChunkKind } from './chunk-jobs.js';
import { chunkBytesFor, type ScanWorker } from './chunk-size.js';
import { chunksAheadPerSlot, chunksOutstandingPerSlot, progressIntervalMs } from './limits.js';
import type { MergeNews } from './merge-messages.js';
import { Merge } from './merge.js';
import type { OpenCapture } from './open-capture.js';
import type { AnalysisRequest } from './request.js';

/** What an analysis is doing. WAITING: for a first worker. PLANNING. SCANNING. WALKING: through the record headers. */
export type AnalysisState = 'WAITING' | 'PLANNING' | 'SCANNING' | 'WALKING' | 'DONE' | 'FAILED';

/** One capture on the workers of a hub, from the first wait to the report. */
export class Analysis {
  private current: AnalysisState = 'WAITING';
  private merge: Merge | null = null;
  private jobs: ChunkJobs | null = null;
  private chunkBytes = 0;
  private chunksTotal = 0;
  private chunksDone = 0;
  private bytesDone = 0;
  /** Numbers of the workers whose results are merged. */
  private readonly answeredBy = new Set<number>();
  private provenBytes = 0;
  private aloneSince = monotonicClock();
  private ticker: NodeJS.Timeout | null = null;
  private stopWatching: () => void = () => undefined;
  private resolve: (result: AnalyzeResult) => void = () => undefined;
  private reject: (error: TriremeError) => void = () => undefined;

  constructor(
    private readonly hub: Hub,
    private readonly capture: OpenCapture,
    private readonly source: string,
    private readonly request: AnalysisRequest,
    private readonly onProgress: (progress: AnalyzeProgress) => void,
    private readonly log: Logger,
    /** Null: sized for the workers present. */
    private readonly chunkBytesFixed: number | null,
  ) {}

  get state(): AnalysisState {
    return this.current;
  }

  /** Rejects with TriremeError; after that nothing of it runs any more. */
  async run(): Promise<AnalyzeResult> {
    try {
      const result = await new Promise<AnalyzeResult>((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
        this.stopWatching = this.hub.onWorkersChanged(() => {
          this.refuseLies();
          this.step();
        });
        this.ticker = setInterval(() => this.tick(), progressIntervalMs);
        this.step();
        this.tick();
      });
      await this.capture.checkUnchanged();
      this.setState('DONE');
      return result;
    } catch (error) {
      this.setState('FAILED');
      // A capture that was cut or written to while it was read fails in many ways: say the one that matters.
      if (TriremeError.from(error).code !== 'CANCELLED') await this.capture.checkUnchanged();
      throw error;
    } finally {
      this.stopWatching();
      if (this.ticker !== null) clearInterval(this.ticker);
      this.jobs?.close();
      await this.merge?.close();
    }
  }

  /** Ends it: run() rejects with this error. */
  abort(error: TriremeError): void {
    this.reject(error);
  }

  /** Does what can be done now. */
  private step(): void {
    if (this.current === 'WAITING' && this.workers().length > 0) this.plan();
    if (this.jobs === null) return;
    const slots = this.workers().reduce((sum, worker) => sum + worker.slots, 0) || 1;
    const ahead = this.provenBytes + slots * chunksAheadPerSlot * this.chunkBytes + 1;
    this.jobs.feed(slots * chunksOutstandingPerSlot, ahead);
  }

  private plan(): void {
    const { capture, request } = this;
    this.setState('PLANNING');
    this.chunkBytes = this.chunkBytesFixed ?? chunkBytesFor(capture.sizeBytes, this.workers());
    const { bytes, sizeBytes } = capture;
    const { scan, top, sort } = request;
    const { chunkBytes } = this;
    this.merge = new Merge(
      { module: loadScanModule(), bytes, sizeBytes, chunkBytes, scan, top, sort },
      (news) => this.hear(news),
      (error) => this.reject(error),
    );
  }

  private hear(news: MergeNews): void {
    switch (news.news) {
      case 'planned': {
        const payloadOf = (plan: ChunkPlan): Uint8Array => this.payload(plan, news.compression ?? '');
        this.jobs = new ChunkJobs(this.hub, payloadOf, this.capture.sizeBytes, this);
        this.jobs.add(news.plans);
        this.chunksTotal = news.plans.length;
        this.setState('SCANNING');
        break;
      }
      case 'merged':
        this.provenBytes = news.provenBytes;
        this.jobs?.drop(news.unwanted);
        if (this.current === 'WALKING') this.setState('SCANNING');
        break;
      case 'rescan':
        this.chunksTotal++;
        this.jobs?.addFirst(news.plan);
        break;
      case 'walking':
        this.setState('WALKING');
        break;
      case 'complete':
        this.resolve({
          reportJson: news.reportJson,
          counts: { ...news.counts },
        });
        return;
    }
    this.step();
  }

  answered(_plan: ChunkPlan, bytes: number, { result, outcome }: ChunkAnswer, worker: number): void {
    this.answeredBy.add(worker);
    this.chunksDone++;
    this.bytesDone = Math.min(this.capture.sizeBytes, this.bytesDone + bytes);
    this.merge?.offer(result, outcome);
    this.step();
  }

  failed(error: TriremeError): void {
    this.reject(error);
  }

  /** What a worker said before it was found lying is in the sums already, and cannot be taken out again. */
  private refuseLies(): void {
    const liar = this.hub
      .snapshot()
      .workers.find(({ state, number }) => state === 'QUARANTINED' && this.answeredBy.has(number));
    if (liar === undefined) return;
    this.reject(
      new TriremeError(
        'WORKER_LOST',
        `worker ${liar.name} did chunks of this analysis and was found lying: run it again`,
      ),
    );
  }

  private tick(): void {
    const now = monotonicClock();
    const workers = this.workers().length;
    if (workers > 0) this.aloneSince = now;
    const alone = now - this.aloneSince;
    if (alone * 1000 >= this.request.waitMs) {
      const seconds = (this.request.waitMs / 1000).toString();
      this.reject(
        new TriremeError('NO_WORKER', `no worker came within ${seconds} s: start one with 'trireme worker --host ...'`),
      );
      return;
    }
    this.onProgress({
      bytesDone: BigInt(this.bytesDone),
      bytesTotal: BigInt(this.capture.sizeBytes),
      chunksDone: this.chunksDone,
      chunksTotal: this.chunksTotal,
      workers,
      message: workers > 0 ? '' : `waiting for a worker (${Math.floor(alone)} s of ${this.request.waitMs / 1000} s)`,
    });
  }

  private payload(plan: ChunkPlan, compression: string): Uint8Array {
    return ScanChunk.encode({
      path: this.capture.path,
      identity: this.capture.identity,
      source: this.source,
      planJson: JSON.stringify(plan),
      optionsJson: JSON.stringify(this.request.scan),
      compression,
      urlPrefix: this.capture.bytes.at === 'url' ? (this.capture.bytes.source.prefix ?? undefined) : undefined,
    }).finish();
  }

  private workers(): ScanWorker[] {
    const workers: ScanWorker[] = [];
    for (const { state, slots, kinds } of this.hub.snapshot().workers) {
      const cost = kinds.find(({ kind }) => kind === scanChunkKind);
      if (state === 'SERVING' && cost !== undefined) workers.push({ slots, secondsPerByte: cost.secondsPerUnit });
    }
    return workers;
  }

  private setState(state: AnalysisState): void {
    this.log.debug({ from: this.current, to: state }, 'analysis state');
    this.current = state;
  }
}
