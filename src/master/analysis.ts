import { monotonicClock } from '../common/clock.js';
import { compressionOf, firstBytesMax } from '../captures/packed/compression.js';
import { loadScanModule } from '../captures/scan/scan-module.js';
import { TriremeError, type ErrorCode } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import { version } from '../common/version.js';
import type { AnalyzeResult } from '../gen/trireme/v1/capture.js';
import type { Hub } from '../hub/port/hub.js';
import type { Lease, ProgressFacts } from '../ledger/types.js';
import { mayUseIndex } from '../pcap/scan-options.js';
import { partialMagic } from '../pcap/partial-layout.js';
import type { ChunkPlan } from '../pcap/types.js';
import { progressIntervalMs } from './analysis-info.js';
import { mustHeed, type ChunkAnswer } from './chunk-answer.js';
import { chunkPayload } from './chunk-payload.js';
import { ChunkJobs, chunksOutstandingPerSlot, keyOf, scanChunkKind } from './chunk-jobs.js';
import { ChunkJournal } from './chunk-journal.js';
import { ChunkMap, type ChunkFacts } from './chunk-map.js';
import { chunkBytesFor, type ScanWorker } from './chunk-size.js';
import type { MergeEvent, PlannedFile } from './merge-messages.js';
import { Merge } from './merge.js';
import type { OpenCapture } from './open-capture.js';

/** Chunks for each slot that may be ahead of what is proven: bounds the results that wait for the proof in memory. */
export const chunksAheadPerSlot = 4;
/**
 * Jobs that a chunk of an analysis that outlives its master may be: each is lost when its workers were
 * (jobAttemptsMax), which a bad minute of a network does as well as a chunk that kills them.
 */
const chunkJobsMax = 4;
/** Where several masters share a ledger: one without workers gives its analyses back after this time. */
const aloneMsSharedMax = 5_000;

/** Results of chunks count only with those of the same version: another one may cut or count otherwise. */
export const scanEngine = `${version}-${partialMagic.toString(16)}`;

/**
 * Name of the list of files among the finished chunks, which are what a ledger keeps of an analysis beside its record.
 */
export const joinListKey = 'files';

/** It did not fail by itself. */
const givenUp: readonly ErrorCode[] = ['CANCELLED', 'LEASE_LOST', 'DRAINING'];

/** What an analysis is doing. WAITING: for a first worker. PLANNING. SCANNING. WALKING: through the record headers. */
export type AnalysisPhase = 'WAITING' | 'PLANNING' | 'SCANNING' | 'WALKING' | 'DONE' | 'FAILED';

export interface AnalysisSetup {
  readonly hub: Hub;
  readonly lease: Lease;
  readonly capture: OpenCapture;
  /** Name of the capture at ChunkSource. */
  readonly source: string;
  /** Bytes of a chunk; null: sized for the workers present. */
  readonly chunkBytes: number | null;
  /** Other masters may have workers where this one has none. */
  readonly shared: boolean;
  /** Finished chunks are worth writing. */
  readonly durable: boolean;
  /** Wait for workers of an analysis that outlives its caller and has begun. */
  readonly keepMs: number;
  readonly log: Logger;
}

/** One capture on the workers of a hub, from the first wait to the report. */
export class Analysis {
  private phase: AnalysisPhase = 'WAITING';
  private merge: Merge | null = null;
  private jobs: ChunkJobs | null = null;
  private readonly journal: ChunkJournal;
  private readonly chunks: ChunkMap;
  /** Chunks that were answered and are not in the ledger yet. */
  private readonly unwritten = new Set<ChunkPlan>();
  private chunkBytes = 0;
  /** From the start of a chunk to that of the next: positions in a packed file have gaps. */
  private stride = 0;
  /** Of a joined capture: the files of each chunk, by its key; and, at the end, those that gave no counts. */
  private readonly filesOf = new Map<string, readonly PlannedFile[]>();
  private failedFiles: ReadonlySet<string> = new Set();
  /** Numbers of the workers whose results are merged. */
  private readonly answeredBy = new Set<number>();
  private provenBytes = 0;
  /** What there is to say of the capture's index; empty: nothing. */
  private note = '';
  private aloneSince = monotonicClock();
  private ticker: NodeJS.Timeout | null = null;
  private stopWatching: () => void = () => undefined;
  private resolve: (result: AnalyzeResult) => void = () => undefined;
  private reject: (error: TriremeError) => void = () => undefined;

  constructor(private readonly setup: AnalysisSetup) {
    const { lease, durable, log, capture } = setup;
    this.chunks = new ChunkMap(capture.sizeBytes);
    this.journal = new ChunkJournal(
      lease,
      durable,
      {
        resumed: (plan, answer) => {
          this.chunks.done(plan, 'ledger');
          this.tell('chunk taken over', plan);
          this.offer(answer);
        },
        notResumed: (plan) => {
          this.jobs?.addFirst(plan);
          this.step();
        },
        written: (plans) => {
          for (const plan of plans) {
            this.unwritten.delete(plan);
            this.chunks.done(plan, 'worker');
          }
          this.step();
        },
      },
      log,
      mustHeed(lease.record.request.scan),
    );
  }

  /** The chunks as they stand, in file order. */
  chunkFacts(): ChunkFacts[] {
    return this.chunks.facts((plan) => this.jobs?.holderOf(plan) ?? null);
  }

  get counts(): { readonly scanned: number; readonly resumed: number } {
    return this.chunks;
  }

  /** Rejects with TriremeError; after that nothing of it runs any more. */
  async run(): Promise<AnalyzeResult> {
    const { capture } = this.setup;
    try {
      const result = await new Promise<AnalyzeResult>((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
        this.setup.lease.onLost(reject);
        this.stopWatching = this.setup.hub.onWorkersChanged(() => {
          this.refuseLies();
          this.step();
        });
        this.ticker = setInterval(() => this.tick(), progressIntervalMs);
        this.step();
        this.tick();
      });
      await capture.checkUnchanged(this.failedFiles);
      this.setPhase('DONE');
      return result;
    } catch (error) {
      this.setPhase('FAILED');
      // A capture that was cut or written to while it was read fails in many ways: say the one that matters.
      if (!givenUp.includes(TriremeError.from(error).code)) await capture.checkUnchanged();
      throw error;
    } finally {
      this.stopWatching();
      if (this.ticker !== null) clearInterval(this.ticker);
      this.jobs?.close();
      // What workers have answered is not scanned again by the next master.
      if (this.phase === 'FAILED') await this.journal.flush();
      this.journal.close();
      await this.merge?.close();
    }
  }

  /** Ends it: run() rejects with this error. */
  abort(error: TriremeError): void {
    this.reject(error);
  }

  /** Does what can be done now. */
  private step(): void {
    if (this.phase === 'WAITING' && (this.workers().length > 0 || this.plannedBytes !== null)) {
      this.plan().catch((error: unknown) => this.reject(TriremeError.from(error)));
    }
    if (this.jobs === null) return;
    const slots = this.workers().reduce((sum, worker) => sum + worker.slots, 0) || 1;
    const ahead = this.provenBytes + slots * chunksAheadPerSlot * this.stride + 1;
    this.journal.feed(ahead);
    if (!this.journal.behind) this.jobs.feed(slots * chunksOutstandingPerSlot, ahead);
  }

  /** The size of chunks that an earlier master chose; another one would make its results useless. */
  private get plannedBytes(): number | null {
    const { plan } = this.setup.lease.record;
    return plan !== null && plan.engine === scanEngine ? plan.chunkBytes : null;
  }

  private async plan(): Promise<void> {
    const { capture, lease, chunkBytes } = this.setup;
    this.setPhase('PLANNING');
    const isPacked = compressionOf(capture.bytes.first.subarray(0, firstBytesMax)) !== null;
    this.chunkBytes = this.plannedBytes ?? chunkBytes ?? chunkBytesFor(capture.sizeBytes, this.workers(), isPacked);
    await this.journal.plan({ chunkBytes: this.chunkBytes, engine: scanEngine });
    await this.keepList();
    const { scan, top, sort, noIndex } = lease.record.request;
    const byIndex = noIndex !== true && mayUseIndex(scan);
    const beside = (byIndex ? await capture.readIndex?.() : null) ?? null;
    if (this.ended) return;
    const { bytes, sizeBytes, path } = capture;
    const asked = { scan, byIndex, beside, top, sort, chunkBytes: this.chunkBytes };
    const data = { module: loadScanModule(), bytes, path, sizeBytes, ...asked };
    const onError = (error: TriremeError): void => this.reject(error);
    this.merge = new Merge(data, (event) => this.hear(event), onError);
  }

  /** The upload lies with one master: another one that shall go on needs the list that is in it. */
  private async keepList(): Promise<void> {
    const { lease, shared, capture, log } = this.setup;
    if (!shared || !capture.joinList || lease.chunkKeys.has(joinListKey)) return;
    await lease.writeChunks([{ key: joinListKey, bytes: capture.joinList }]).catch((error: unknown) => {
      log.warn(
        { id: lease.record.id, error: TriremeError.from(error).message },
        'the list of files is with this master alone',
      );
    });
  }

  private hear(event: MergeEvent): void {
    switch (event.type) {
      case 'planned': {
        const { scan, compression, note = '' } = event;
        this.note = note;
        // What an index had planned is not wanted any more.
        this.jobs?.close();
        this.chunks.clear();
        this.provenBytes = 0;
        this.stride = event.plans.reduce((most, { packed }) => Math.max(most, packed?.bytesMax ?? 0), this.chunkBytes);
        const { hub, capture, source, durable } = this.setup;
        const payloadOf = (plan: ChunkPlan): Uint8Array =>
          chunkPayload(capture, source, plan, scan, compression, this.filesOf.get(keyOf(plan)));
        for (const [i, files] of (event.files ?? []).entries()) this.filesOf.set(keyOf(event.plans[i]), files);
        const jobsMax = durable ? chunkJobsMax : 1;
        this.jobs = new ChunkJobs(hub, payloadOf, capture.sizeBytes, this, jobsMax, mustHeed(scan));
        this.jobs.add(event.plans.filter((plan) => !this.journal.has(plan)));
        this.journal.resume(event.plans.filter((plan) => this.journal.has(plan)));
        this.chunks.add(event.plans);
        this.setPhase('SCANNING');
        break;
      }
      case 'merged':
        this.provenBytes = event.provenBytes;
        this.jobs?.drop(event.unwanted);
        this.journal.drop(event.unwanted);
        if (this.phase === 'WALKING') this.setPhase('SCANNING');
        break;
      case 'rescan':
        if (event.files !== undefined) this.filesOf.set(keyOf(event.plan), event.files);
        this.chunks.add([event.plan]);
        if (this.journal.has(event.plan)) this.journal.resume([event.plan], true);
        else this.jobs?.addFirst(event.plan);
        break;
      case 'walking':
        this.setPhase('WALKING');
        break;
      case 'complete':
        this.failedFiles = new Set(event.failed);
        // The rest is on its way to the ledger, where the result makes it needless.
        for (const plan of this.unwritten) this.chunks.done(plan, 'worker');
        this.setup.lease.progress({ ...this.progress(1, 0, 0), bytesDone: this.setup.capture.sizeBytes });
        this.resolve({
          reportJson: event.reportJson,
          counts: { ...event.counts },
        });
        return;
    }
    this.step();
  }

  /** Another master may have this analysis by now, and have finished these very chunks. */
  get heldBack(): boolean {
    return !this.setup.lease.sure;
  }

  given(plan: ChunkPlan, worker: number): void {
    this.tell('chunk given', plan, worker);
  }

  answered(plan: ChunkPlan, answer: ChunkAnswer, raw: Uint8Array, worker: number): void {
    this.tell('chunk answered', plan, worker);
    this.chunks.answered(plan, this.setup.hub.workerName(worker));
    this.answeredBy.add(worker);
    // A chunk is told as done once no master will scan it again.
    if (this.journal.add(plan, raw)) this.unwritten.add(plan);
    else this.chunks.done(plan, 'worker');
    this.offer(answer);
  }

  /** In a turn of its own: the hub is in the midst of the loss. */
  waitsAgain(): void {
    setImmediate(() => this.step());
  }

  failed(error: TriremeError): void {
    this.reject(error);
  }

  /** What a worker said before it was found lying is in the sums already, and cannot be taken out again. */
  private refuseLies(): void {
    const { hub } = this.setup;
    const liar = [...this.answeredBy].find((worker) => hub.quarantined(worker));
    if (liar === undefined) return;
    this.reject(
      new TriremeError(
        'WORKER_LOST',
        `worker ${hub.workerName(liar)} did chunks of this analysis and was found lying: run it again`,
      ),
    );
  }

  private offer({ result, outcome }: ChunkAnswer): void {
    this.merge?.offer(result, outcome);
    this.step();
  }

  private tick(): void {
    this.step();
    const now = monotonicClock();
    const workers = this.workers().length;
    if (workers > 0) this.aloneSince = now;
    const alone = now - this.aloneSince;
    const waitMs = this.waitMs;
    if (this.setup.shared && alone * 1000 >= Math.min(waitMs, aloneMsSharedMax)) {
      this.reject(new TriremeError('DRAINING', 'this master has no worker: another one goes on'));
      return;
    }
    if (alone * 1000 >= waitMs) {
      const seconds = (waitMs / 1000).toString();
      this.reject(
        new TriremeError('NO_WORKER', `no worker came within ${seconds} s: start one with 'trireme worker --host ...'`),
      );
      return;
    }
    this.setup.lease.progress(this.progress(workers, alone, waitMs));
  }

  private progress(workers: number, alone: number, waitMs: number): ProgressFacts {
    const { trouble } = this.journal;
    const waits = `waiting for a worker (${Math.floor(alone)} s of ${waitMs / 1000} s)`;
    return {
      bytesDone: this.chunks.bytesDone,
      chunksDone: this.chunks.scanned + this.chunks.resumed,
      chunksResumed: this.chunks.resumed,
      chunksTotal: this.chunks.total,
      workers,
      message: workers === 0 ? waits : trouble === null ? this.note : `it would not survive its master: ${trouble}`,
    };
  }

  /** Work that was begun and can be kept is not given up because its workers are gone for a while. */
  private get waitMs(): number {
    const { lease, durable, keepMs } = this.setup;
    const { waitMs } = lease.record.request;
    return durable && (this.merge !== null || lease.record.plan !== null) ? Math.max(waitMs, keepMs) : waitMs;
  }

  private workers(): ScanWorker[] {
    const workers = this.setup.hub.capacity(scanChunkKind);
    return workers.map(({ slots, secondsPerUnit }) => ({ slots, secondsPerByte: secondsPerUnit }));
  }

  /** At the level debug the log says what became of each chunk, and under which take of its analysis. */
  private tell(what: string, plan: ChunkPlan, worker?: number): void {
    const { log, lease, hub } = this.setup;
    if (!log.isLevelEnabled('debug')) return;
    const { id, attempts: attempt } = lease.record;
    const by = worker === undefined ? {} : { worker: hub.workerName(worker) };
    log.debug({ id, attempt, chunk: keyOf(plan), ...by }, what);
  }

  private get ended(): boolean {
    return this.phase === 'DONE' || this.phase === 'FAILED';
  }

  private setPhase(phase: AnalysisPhase): void {
    this.setup.log.debug({ from: this.phase, to: phase }, 'analysis phase');
    this.phase = phase;
  }
}
