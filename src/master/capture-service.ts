import type * as grpc from '@grpc/grpc-js';
import type { CaptureAccess } from '../captures/capture-access.js';
import { isUrl, shownName } from '../captures/capture-name.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import { TriremeError } from '../common/errors.js';
import { toStatus } from '../common/grpc-errors.js';
import type { ServedService } from '../common/grpc-server.js';
import type { Logger } from '../common/logging.js';
import {
  CaptureServiceService,
  type AnalyzeRequest,
  type AnalyzeResponse,
  type UploadRequest,
  type UploadResponse,
} from '../gen/trireme/v1/capture.js';
import type { Hub } from '../hub/types.js';
import { Analysis } from './analysis.js';
import { analysesMax } from './limits.js';
import { openCapture } from './open-capture.js';
import { compileRequest } from './request.js';
import type { Sources } from './sources.js';
import type { Spool } from './spool.js';
import { receiveUpload } from './upload.js';

/** CaptureService over gRPC: what runs, and what is refused. */
export class CaptureService implements ServedService {
  readonly definition = CaptureServiceService;
  readonly implementation: ServedService['implementation'];
  readonly counts = { started: 0, done: 0, failed: 0, cancelled: 0 };
  private readonly running = new Set<Analysis>();
  private draining = false;
  private idle: (() => void) | null = null;
  private calls = 0;

  constructor(
    private readonly hub: Hub,
    private readonly access: CaptureAccess,
    /** URLs that may be read. */
    private readonly urls: readonly UrlPrefix[],
    private readonly sources: Sources,
    private readonly spool: Spool,
    private readonly waitMs: number,
    private readonly log: Logger,
    private readonly chunkBytesFixed: number | null,
  ) {
    this.implementation = {
      analyze: (call: grpc.ServerWritableStream<AnalyzeRequest, AnalyzeResponse>) => void this.analyze(call),
      upload: (
        call: grpc.ServerReadableStream<UploadRequest, UploadResponse>,
        answer: grpc.sendUnaryData<UploadResponse>,
      ) => void this.upload(call, answer),
    };
  }

  get analysesRunning(): number {
    return this.running.size;
  }

  /** Takes nothing new and resolves when what runs has ended, at the latest after graceMs. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    if (this.calls === 0) return;
    const timer = setTimeout(() => {
      for (const analysis of this.running) analysis.abort(new TriremeError('DRAINING', 'the master is shutting down'));
    }, graceMs);
    await new Promise<void>((resolve) => (this.idle = resolve));
    clearTimeout(timer);
  }

  private async analyze(call: grpc.ServerWritableStream<AnalyzeRequest, AnalyzeResponse>): Promise<void> {
    this.begin();
    let analysis: Analysis | null = null;
    let cancelled = false;
    call.on('cancelled', () => {
      cancelled = true;
      analysis?.abort(new TriremeError('CANCELLED', 'the client is gone'));
    });
    // A stream that fails is also cancelled; without a listener its error would end the process.
    call.on('error', () => undefined);
    const { path } = call.request;
    let spooled = false;
    try {
      this.refuseIfBusy();
      const request = compileRequest(call.request, this.waitMs);
      spooled = this.spool.claim(request.path);
      const capture = isUrl(request.path)
        ? // Loaded only here: it brings the HTTP client.
          await (await import('./open-url-capture.js')).openUrlCapture(this.urls, request.path)
        : await openCapture(this.access, request.path, request.identity);
      const source = this.sources.serve(capture);
      let held = false;
      call.on('drain', () => (held = false));
      try {
        analysis = new Analysis(
          this.hub,
          capture,
          source.name,
          request,
          (progress) => {
            // A client that does not read misses progress; it is not kept for it.
            if (!held && !cancelled) held = !call.write({ event: { $case: 'progress', value: progress } });
          },
          this.log,
          this.chunkBytesFixed,
        );
        this.running.add(analysis);
        this.counts.started++;
        const began = performance.now();
        const running = analysis.run();
        if (cancelled) analysis.abort(new TriremeError('CANCELLED', 'the client is gone'));
        const result = await running;
        this.counts.done++;
        this.log.info(
          { path: shownName(path), bytes: capture.sizeBytes, ms: Math.round(performance.now() - began) },
          'analysed',
        );
        call.write({ event: { $case: 'result', value: result } });
        call.end();
      } finally {
        if (analysis !== null) this.running.delete(analysis);
        await source.end();
        capture.close();
      }
    } catch (error) {
      const ours = TriremeError.from(error);
      this.counts[ours.code === 'CANCELLED' ? 'cancelled' : 'failed']++;
      this.log.warn({ path: shownName(path), code: ours.code, error: ours.message }, 'analysis failed');
      if (!cancelled) call.emit('error', toStatus(ours));
    } finally {
      if (spooled) await this.spool.remove(path);
      this.end();
    }
  }

  private async upload(
    call: grpc.ServerReadableStream<UploadRequest, UploadResponse>,
    answer: grpc.sendUnaryData<UploadResponse>,
  ): Promise<void> {
    this.begin();
    try {
      this.refuseIfBusy();
      answer(null, { path: await receiveUpload(call, this.spool) });
    } catch (error) {
      const ours = TriremeError.from(error);
      this.log.warn({ code: ours.code, error: ours.message }, 'upload failed');
      answer(toStatus(ours));
    } finally {
      this.end();
    }
  }

  private refuseIfBusy(): void {
    if (this.draining) throw new TriremeError('DRAINING', 'the master is shutting down; ask another one');
    if (this.calls > analysesMax) {
      throw new TriremeError('QUEUE_FULL', `${analysesMax} analyses run already (analysesMax); ask again later`);
    }
  }

  private begin(): void {
    this.calls++;
  }

  private end(): void {
    this.calls--;
    if (this.calls === 0) this.idle?.();
  }
}
