import { randomBytes } from 'node:crypto';
import type { CaptureAccess } from '../captures/file/capture-access.js';
import { shownName } from '../captures/file/capture-name.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import { TriremeError, type ErrorCode } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import { AnalyzeResult, type FileIdentity } from '../gen/trireme/v1/capture.js';
import type { Hub } from '../hub/port/hub.js';
import { isFinal, type AnalysisRecord, type Ledger, type Lease } from '../ledger/types.js';
import { Analysis, joinListKey } from './analysis.js';
import { checkStamp, stampOf } from './capture-stamp.js';
import type { ChunkFacts } from './chunk-map.js';
import { scanChunkKind } from './chunk-jobs.js';
import { type OpenCapture, openNamed } from './open-capture.js';
import { openJoin } from './open-join.js';
import type { AnalysisRequest } from './request.js';
import type { Sources } from './sources.js';
import type { Spool } from './spool.js';

/** Analyses at once. Each holds a table of conversations and a thread; more would only make each of them slower. */
const analysesMax = 16;
/**
 * Times that masters may find that they cannot open a capture which one of them has seen, before the analysis fails.
 */
const openAttemptsMax = 20;
/** After the grace time: for what is given back to be written. */
const giveBackMs = 3_000;

export interface AnalysesSetup {
  readonly ledger: Ledger;
  readonly hub: Hub;
  readonly access: CaptureAccess;
  /** URLs that may be read. */
  readonly urls: readonly UrlPrefix[];
  readonly sources: Sources;
  readonly spool: Spool;
  /** Bytes of a chunk; null: sized for the workers present. */
  readonly chunkBytes: number | null;
  readonly keepMs: number;
  readonly log: Logger;
}

/** An analysis as the live page shows it: its record, and its chunks while this master runs it. */
export interface AnalysisPicture {
  readonly analysis: Omit<AnalysisRecord, 'request'> & {
    readonly name: string;
    readonly path: string;
    /** Which packets count; empty: all. */
    readonly filter: string;
  };
  readonly chunks: readonly ChunkFacts[];
}

/** The analyses of a master: takes them from the ledger, runs some at once, and writes how they ended. */
export class Analyses {
  readonly counts = { started: 0, done: 0, failed: 0, cancelled: 0, chunksScanned: 0, chunksResumed: 0 };
  /** Ids of the analyses whose lease this master holds, and those of them that scan. */
  private readonly held = new Set<string>();
  private readonly running = new Map<string, Analysis>();
  /** Captures of analyses that were submitted here and are about to start, by id. */
  private readonly opened = new Map<string, OpenCapture>();
  private readonly taking = new AbortController();
  private changed: (() => void) | null = null;
  private readonly taker: Promise<void>;

  constructor(private readonly setup: AnalysesSetup) {
    this.taker = this.takeAll();
  }

  get analysesRunning(): number {
    return this.held.size;
  }

  get analysesQueued(): number {
    return this.setup.ledger.list().filter(({ state }) => state === 'queued').length;
  }

  /**
   * Chunks done by the workers of this master, and those taken over from the ledger, those of running ones included.
   */
  get chunks(): { readonly scanned: number; readonly resumed: number } {
    let { chunksScanned: scanned, chunksResumed: resumed } = this.counts;
    for (const { counts } of this.running.values()) {
      scanned += counts.scanned;
      resumed += counts.resumed;
    }
    return { scanned, resumed };
  }

  /** For the live page: the newest analyses, with the chunks of those that run here. */
  pictures(max: number): AnalysisPicture[] {
    return this.setup.ledger
      .list()
      .slice(0, max)
      .map((record) => this.picture(record));
  }

  picture({ request: { name, path, scan }, ...record }: AnalysisRecord): AnalysisPicture {
    return {
      analysis: { ...record, name, path: shownName(path), filter: scan.filter ?? '' },
      chunks: this.running.get(record.id)?.chunkFacts() ?? [],
    };
  }

  /**
   * Checks that the capture can be read, and adds the analysis.
   * @param owner name of the credential that it belongs to; empty: nobody's own
   * @throws TriremeError of the file, or of the ledger
   */
  async submit({ identity, ...request }: AnalysisRequest, owner: string): Promise<AnalysisRecord> {
    const { spool, ledger } = this.setup;
    // Without a ledger that outlives us, what waits would wait in vain should we end: it is refused as long as all run.
    if (!ledger.durable && this.held.size + this.analysesQueued >= analysesMax) {
      throw new TriremeError('QUEUE_FULL', `${analysesMax} analyses run already (analysesMax); ask again later`, {
        facts: { value: analysesMax, bound: analysesMax, boundName: 'analysesMax' },
      });
    }
    const spooled = spool.claim(request.path);
    const id = randomBytes(8).toString('hex');
    try {
      if (request.join === true && !spooled)
        throw new TriremeError(
          'USAGE',
          `${request.path}: a joined capture is asked for by an upload that lists its files`,
        );
      const capture = await this.open(request, request.path, identity);
      const stamp = await stampOf(capture, spooled).catch((error: unknown) => {
        capture.close();
        throw error;
      });
      // One that starts at once, here, is not opened a second time.
      if (!ledger.shared && this.held.size + this.opened.size < analysesMax) this.opened.set(id, capture);
      else capture.close();
      return await ledger.submit({ id, owner, request, capture: stamp });
    } catch (error) {
      this.closeOpened(id);
      if (spooled) await spool.remove(request.path);
      throw error;
    }
  }

  /** Ends an analysis that has not ended. Null: there is none of this id. */
  async cancel(id: string, reason: string): Promise<AnalysisRecord | null> {
    const record = await this.setup.ledger.cancel(id, reason);
    this.closeOpened(id);
    if (record !== null && !this.held.has(id)) await this.forgetUpload(record);
    return record;
  }

  /** Takes nothing more, lets what runs end for at most graceMs, and gives back what is left. */
  async drain(graceMs: number): Promise<void> {
    this.taking.abort();
    await this.taker;
    for (const id of [...this.opened.keys()]) this.closeOpened(id);
    const timers = [
      setTimeout(() => {
        for (const analysis of this.running.values()) {
          analysis.abort(new TriremeError('DRAINING', 'the master is shutting down'));
        }
      }, graceMs),
      setTimeout(() => this.setup.ledger.endWaits(), graceMs + giveBackMs),
    ];
    while (this.held.size > 0) await this.oneEnded();
    for (const timer of timers) clearTimeout(timer);
  }

  private async takeAll(): Promise<void> {
    const { signal } = this.taking;
    const { ledger, hub } = this.setup;
    const stopWatching = hub.onWorkersChanged(() => this.wake());
    signal.addEventListener('abort', () => this.wake());
    while (!signal.aborted) {
      if (this.held.size >= this.heldMax()) {
        await this.oneEnded();
        continue;
      }
      const lease = await ledger.take(signal);
      if (lease !== null) void this.run(lease);
    }
    stopWatching();
  }

  /** Analyses to hold at once. Shared ones are left to masters that have workers for them. */
  private heldMax(): number {
    const { ledger, hub } = this.setup;
    return ledger.shared ? Math.min(analysesMax, hub.workersReady(scanChunkKind)) : analysesMax;
  }

  private wake(): void {
    this.changed?.();
    this.changed = null;
  }

  /** Resolves when an analysis has ended, or what may be held has changed. */
  private async oneEnded(): Promise<void> {
    await new Promise<void>((resolve) => {
      const before = this.changed;
      this.changed = () => {
        before?.();
        resolve();
      };
    });
  }

  private async run(lease: Lease): Promise<void> {
    const { log } = this.setup;
    const { id, request, capture, attempts } = lease.record;
    const began = performance.now();
    this.counts.started++;
    this.held.add(id);
    const facts = { id, path: shownName(request.path), bytes: capture.sizeBytes };
    if (attempts > 1) log.info({ ...facts, chunksFinished: lease.chunkKeys.size }, 'analysis goes on');
    try {
      const result = await this.scan(lease);
      await lease.finish({ state: 'done', result: AnalyzeResult.encode(result).finish() });
      this.counts.done++;
      log.info({ ...facts, ms: Math.round(performance.now() - began) }, 'analysed');
    } catch (error) {
      await this.end(lease, TriremeError.from(error));
    } finally {
      const record = await this.setup.ledger.get(id).catch(() => null);
      if (record !== null) await this.forgetUpload(record);
      this.held.delete(id);
      this.wake();
    }
  }

  private async scan(lease: Lease): Promise<AnalyzeResult> {
    const { hub, sources, spool, chunkBytes, keepMs, ledger, log } = this.setup;
    const { request, capture: stamp, id } = lease.record;
    const path = stamp.spooled ? spool.pathOf(request.path) : request.path;
    const opened = this.opened.get(id);
    this.opened.delete(id);
    const kept = request.join === true && lease.chunkKeys.has(joinListKey) ? await lease.readChunk(joinListKey) : null;
    const capture = opened ?? (await this.open(request, path, null, stamp.sizeBytes, kept));
    try {
      if (opened === undefined) await checkStamp(request.name, capture, stamp);
      const source = sources.serve(capture, (error) => this.running.get(id)?.abort(error));
      const analysis = new Analysis({
        ...{ hub, lease, capture, source: source.name, chunkBytes, keepMs, log },
        durable: ledger.durable,
        shared: ledger.shared,
      });
      this.running.set(id, analysis);
      try {
        return await analysis.run();
      } finally {
        this.counts.chunksScanned += analysis.counts.scanned;
        this.counts.chunksResumed += analysis.counts.resumed;
        this.running.delete(id);
        await source.end();
      }
    } finally {
      capture.close();
    }
  }

  private closeOpened(id: string): void {
    this.opened.get(id)?.close();
    this.opened.delete(id);
  }

  private async open(
    { join }: Pick<AnalysisRequest, 'join'>,
    path: string,
    identity: FileIdentity | null,
    countedBytes: number | null = null,
    joinList: Uint8Array | null = null,
  ): Promise<OpenCapture> {
    if (join === true) return openJoin(this.setup.access, path, joinList, countedBytes !== null);
    return openNamed(this.setup, path, identity, countedBytes);
  }

  private async end(lease: Lease, error: TriremeError): Promise<void> {
    const { log, ledger } = this.setup;
    const { id, request } = lease.record;
    const { code, message } = error;
    const facts = { id, path: shownName(request.path), code, error: message };
    this.counts[code === 'CANCELLED' ? 'cancelled' : 'failed']++;
    try {
      if (code === 'CANCELLED') log.warn(facts, 'analysis cancelled');
      else if (code === 'LEASE_LOST') log.warn(facts, 'analysis taken by another master');
      else if ((code === 'DRAINING' && ledger.durable) || this.elsewhere(lease, code)) {
        await lease.release();
        log.info(facts, 'analysis given back');
      } else {
        await lease.finish({ state: 'failed', error });
        log.warn(facts, 'analysis failed');
      }
    } catch (failure) {
      log.error({ id, error: TriremeError.from(failure).message }, 'the end of an analysis could not be written');
    }
  }

  /** A capture that this master cannot open may be open to another one, such as the one that was sent it. */
  private elsewhere({ record }: Lease, code: ErrorCode): boolean {
    if (!this.setup.ledger.shared || record.attempts >= openAttemptsMax) return false;
    return code === 'FILE_UNREADABLE' || code === 'FILE_SILENT' || code === 'PATH_REFUSED';
  }

  /** An upload serves one analysis and goes with it. */
  private async forgetUpload(record: AnalysisRecord): Promise<void> {
    const { spool } = this.setup;
    if (record.capture.spooled && isFinal(record)) await spool.remove(spool.pathOf(record.request.path));
  }
}
