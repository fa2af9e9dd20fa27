import type * as grpc from '@grpc/grpc-js';
import { shownName } from '../captures/capture-name.js';
import { TriremeError } from '../common/errors.js';
import { toStatus } from '../common/grpc-errors.js';
import type { ServedService } from '../common/grpc-server.js';
import type { Logger } from '../common/logging.js';
import {
  CaptureServiceService,
  type AnalyzeRequest,
  type AnalyzeResponse,
  type CancelAnalysisRequest,
  type CancelAnalysisResponse,
  type GetAnalysisRequest,
  type GetAnalysisResponse,
  type ListAnalysesRequest,
  type ListAnalysesResponse,
  type ResumeAnalysisRequest,
  type UploadRequest,
  type UploadResponse,
} from '../gen/trireme/v1/capture.js';
import type { AnalysisRecord, Ledger } from '../ledger/types.js';
import type { Analyses } from './analyses.js';
import { analysisInfo } from './analysis-info.js';
import { follow } from './follower.js';
import { callersMax } from './limits.js';
import { compileRequest } from './request.js';
import type { Spool } from './spool.js';
import { receiveUpload } from './upload.js';

export interface CaptureServiceOptions {
  /** Wait for a first worker when the caller does not say. */
  readonly waitMs: number;
  /** The same for an analysis that nobody waits for. */
  readonly keepMs: number;
}

/** CaptureService over gRPC: who asks, and what is refused. */
export class CaptureService implements ServedService {
  readonly definition = CaptureServiceService;
  readonly implementation: ServedService['implementation'];
  private readonly ending = new AbortController();
  /** Callers that wait for an analysis, by its id. */
  private readonly followers = new Map<string, number>();
  private draining = false;
  private idle: (() => void) | null = null;
  private calls = 0;

  constructor(
    private readonly analyses: Analyses,
    private readonly ledger: Ledger,
    private readonly spool: Spool,
    private readonly options: CaptureServiceOptions,
    private readonly log: Logger,
  ) {
    this.implementation = {
      analyze: (call: grpc.ServerWritableStream<AnalyzeRequest, AnalyzeResponse>) => void this.analyze(call),
      resumeAnalysis: (call: grpc.ServerWritableStream<ResumeAnalysisRequest, AnalyzeResponse>) =>
        void this.resume(call),
      listAnalyses: (
        _call: grpc.ServerUnaryCall<ListAnalysesRequest, ListAnalysesResponse>,
        answer: grpc.sendUnaryData<ListAnalysesResponse>,
      ) => answer(null, { analyses: this.ledger.list().map(analysisInfo) }),
      getAnalysis: (
        call: grpc.ServerUnaryCall<GetAnalysisRequest, GetAnalysisResponse>,
        answer: grpc.sendUnaryData<GetAnalysisResponse>,
      ) => void this.one(call.request.id, (id) => this.ledger.get(id), answer),
      cancelAnalysis: (
        call: grpc.ServerUnaryCall<CancelAnalysisRequest, CancelAnalysisResponse>,
        answer: grpc.sendUnaryData<CancelAnalysisResponse>,
      ) => void this.one(call.request.id, (id) => this.analyses.cancel(id, 'cancelled on request'), answer),
      upload: (
        call: grpc.ServerReadableStream<UploadRequest, UploadResponse>,
        answer: grpc.sendUnaryData<UploadResponse>,
      ) => void this.upload(call, answer),
    };
  }

  /** Takes nothing new and resolves when what runs has ended, at the latest after graceMs. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    await this.analyses.drain(graceMs);
    // Who still follows one that was given back asks again, here or at another master.
    setImmediate(() => this.ending.abort());
    if (this.calls > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }

  private analyze(call: grpc.ServerWritableStream<AnalyzeRequest, AnalyzeResponse>): Promise<void> {
    return this.serve(call, shownName(call.request.path), async () => {
      const { waitMs, keepMs } = this.options;
      const request = compileRequest(call.request, call.request.detach ? keepMs : waitMs);
      const record = await this.analyses.submit(request);
      if (!request.detached) return record;
      const value = { analysis: analysisInfo(record), durable: this.ledger.durable };
      call.write({ event: { $case: 'accepted', value } });
      call.end();
      return null;
    });
  }

  private resume(call: grpc.ServerWritableStream<ResumeAnalysisRequest, AnalyzeResponse>): Promise<void> {
    return this.serve(call, call.request.id, () => this.known(call.request.id, (id) => this.ledger.get(id)));
  }

  /** Runs a call that follows the analysis that `find` gives; null: the call has been answered. */
  private async serve(
    call: grpc.ServerWritableStream<unknown, AnalyzeResponse>,
    what: string,
    find: () => Promise<AnalysisRecord | null>,
  ): Promise<void> {
    this.begin();
    let gone = false;
    call.on('cancelled', () => (gone = true));
    // A stream that fails is also cancelled; without a listener its error would end the process.
    call.on('error', () => undefined);
    try {
      this.refuseIfBusy();
      const record = await find();
      if (record !== null) await this.followed(record, call, () => gone);
    } catch (error) {
      const ours = TriremeError.from(error);
      this.log.warn({ asked: what, code: ours.code, error: ours.message }, 'caller told of an error');
      if (!gone) call.emit('error', toStatus(ours));
    } finally {
      this.end();
    }
  }

  private async followed(
    record: AnalysisRecord,
    call: grpc.ServerWritableStream<unknown, AnalyzeResponse>,
    gone: () => boolean,
  ): Promise<void> {
    const { id } = record;
    this.followers.set(id, (this.followers.get(id) ?? 0) + 1);
    try {
      if (!gone()) await follow(this.ledger, record, call, this.ending.signal);
    } finally {
      const left = (this.followers.get(id) ?? 1) - 1;
      if (left > 0) this.followers.set(id, left);
      else this.followers.delete(id);
      // Nobody could ever ask for what only this process knows: it would run for nothing.
      if (gone() && left === 0 && !this.ledger.durable && !record.request.detached) {
        await this.analyses.cancel(id, 'the client is gone');
      }
    }
  }

  private async one(
    id: string,
    find: (id: string) => Promise<AnalysisRecord | null>,
    answer: grpc.sendUnaryData<GetAnalysisResponse>,
  ): Promise<void> {
    try {
      answer(null, { analysis: analysisInfo(await this.known(id, find)) });
    } catch (error) {
      answer(toStatus(error));
    }
  }

  private async known(id: string, find: (id: string) => Promise<AnalysisRecord | null>): Promise<AnalysisRecord> {
    if (id === '') throw new TriremeError('USAGE', `id is empty: 'trireme analyses' lists them`);
    const record = /^[0-9a-f]{16}$/.test(id) ? await find(id) : null;
    if (record !== null) return record;
    throw new TriremeError(
      'NO_ANALYSIS',
      `there is no analysis '${id.slice(0, 64)}', or it is kept no longer (--keep)`,
    );
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
    if (this.calls > callersMax) {
      throw new TriremeError('QUEUE_FULL', `${callersMax} callers are served already (callersMax); ask again later`);
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
