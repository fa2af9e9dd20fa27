import type * as grpc from '@grpc/grpc-js';
import { shownName } from '../captures/file/capture-name.js';
import { atMost } from '../common/stuck-work.js';
import { TriremeError } from '../common/errors.js';
import type { ServedService } from '../common/grpc-server.js';
import { toStatus } from '../common/grpc-status.js';
import type { Logger } from '../common/logging.js';
import { RateLimit } from '../common/rate-limit.js';
import { callerOf, type ListenerTrust } from '../common/trust/listener-trust.js';
import type { Caller } from '../common/trust/roles.js';
import {
  CaptureServiceService,
  type AnalyzeRequest,
  type AnalyzeResponse,
  type CancelAnalysisRequest,
  type CancelAnalysisResponse,
  type ExtractRequest,
  type ExtractResponse,
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
import { analysisInfo, maySee, noAnalysis } from './analysis-info.js';
import { callersEndMs, type ExtractCalls } from './extract-calls.js';
import { follow } from './follower.js';
import { compileRequest, type AnalysisRequest } from './request.js';
import type { Spool } from './spool.js';
import { UploadShares } from './upload-shares.js';
import { receiveUpload } from './upload.js';

/** Callers that wait for an analysis at once: each holds a stream, and few wait for the same one. */
const callersMax = 1024;
/** Uploads at once, and on one connection: each holds a file and a stream. */
const uploadsMax = 256;
const uploadsPerConnectionMax = 16;

export interface CaptureServiceOptions {
  /** Wait for a first worker when the caller does not say. */
  readonly waitMs: number;
  /** The same for an analysis that nobody waits for. */
  readonly keepMs: number;
  /** What is asked of callers; undefined: nothing, and everyone sees every analysis. */
  readonly trust?: ListenerTrust;
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
  private uploads = 0;
  private readonly shares = new UploadShares(uploadsMax, uploadsPerConnectionMax);
  private readonly rate = new RateLimit();

  constructor(
    private readonly analyses: Analyses,
    private readonly ledger: Ledger,
    private readonly spool: Spool,
    private readonly extractCalls: ExtractCalls,
    private readonly options: CaptureServiceOptions,
    private readonly log: Logger,
  ) {
    this.implementation = {
      analyze: (call: grpc.ServerWritableStream<AnalyzeRequest, AnalyzeResponse>) => void this.analyze(call),
      resumeAnalysis: (call: grpc.ServerWritableStream<ResumeAnalysisRequest, AnalyzeResponse>) =>
        void this.resume(call),
      extract: (call: grpc.ServerWritableStream<ExtractRequest, ExtractResponse>) => void this.extract(call),
      listAnalyses: (
        call: grpc.ServerUnaryCall<ListAnalysesRequest, ListAnalysesResponse>,
        answer: grpc.sendUnaryData<ListAnalysesResponse>,
      ) => {
        const caller = this.callerOf(call);
        const seen = this.ledger.list().filter((record) => maySee(caller, record));
        answer(null, { analyses: seen.map(analysisInfo) });
      },
      getAnalysis: (
        call: grpc.ServerUnaryCall<GetAnalysisRequest, GetAnalysisResponse>,
        answer: grpc.sendUnaryData<GetAnalysisResponse>,
      ) => void this.one(call, (record) => Promise.resolve(record), answer),
      cancelAnalysis: (
        call: grpc.ServerUnaryCall<CancelAnalysisRequest, CancelAnalysisResponse>,
        answer: grpc.sendUnaryData<CancelAnalysisResponse>,
      ) => void this.one(call, ({ id }) => this.cancelled(id, this.callerOf(call)), answer),
      upload: (
        call: grpc.ServerReadableStream<UploadRequest, UploadResponse>,
        answer: grpc.sendUnaryData<UploadResponse>,
      ) => void this.upload(call, answer),
    };
  }

  /** Takes nothing new and resolves when what runs has ended, at the latest after graceMs. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    await Promise.all([this.analyses.drain(graceMs), this.extractCalls.drain(graceMs)]);
    // Who still follows one that was given back asks again, here or at another master.
    setImmediate(() => this.ending.abort());
    const idle = new Promise<void>((resolve) => (this.idle = resolve));
    if (this.calls + this.uploads > 0) await atMost(callersEndMs, idle);
  }

  private analyze(call: grpc.ServerWritableStream<AnalyzeRequest, AnalyzeResponse>): Promise<void> {
    return this.serve(call, shownName(call.request.path), async (gone) => {
      const { waitMs, keepMs } = this.options;
      const request = compileRequest(call.request, call.request.detach ? keepMs : waitMs);
      const record = await this.submit(request, this.callerOf(call));
      if (!request.detached) return this.followed(record, call, gone);
      const value = { analysis: analysisInfo(record), durable: this.ledger.durable };
      call.write({ event: { $case: 'accepted', value } });
      call.end();
    });
  }

  private resume(call: grpc.ServerWritableStream<ResumeAnalysisRequest, AnalyzeResponse>): Promise<void> {
    return this.serve(call, call.request.id, async (gone) => {
      const record = await this.known(call.request.id, this.callerOf(call));
      return this.followed(record, call, gone);
    });
  }

  private extract(call: grpc.ServerWritableStream<ExtractRequest, ExtractResponse>): Promise<void> {
    return this.serve(call, shownName(call.request.path), () => this.extractCalls.serve(call));
  }

  private callerOf(call: { readonly metadata: grpc.Metadata }): Caller {
    return callerOf(call, this.options.trust);
  }

  /** Runs a call that is answered by a stream, as one of the bounded number, and tells its caller of an error. */
  private async serve(
    call: grpc.ServerWritableStream<unknown, unknown>,
    what: string,
    work: (gone: () => boolean) => Promise<void>,
  ): Promise<void> {
    this.begin();
    let gone = false;
    call.on('cancelled', () => (gone = true));
    // A stream that fails is also cancelled; without a listener its error would end the process.
    call.on('error', () => undefined);
    try {
      this.refuseIfBusy();
      await work(() => gone);
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
    call: grpc.ServerUnaryCall<{ readonly id: string }, GetAnalysisResponse>,
    then: (record: AnalysisRecord) => Promise<AnalysisRecord>,
    answer: grpc.sendUnaryData<GetAnalysisResponse>,
  ): Promise<void> {
    try {
      const record = await this.known(call.request.id, this.callerOf(call));
      answer(null, { analysis: analysisInfo(await then(record)) });
    } catch (error) {
      answer(toStatus(error));
    }
  }

  /** Adds an analysis of this caller. @throws TriremeError */
  async submit(request: AnalysisRequest, caller: Caller): Promise<AnalysisRecord> {
    if (this.draining) throw draining();
    const record = await this.analyses.submit(request, caller.owner);
    this.log.info({ id: record.id, credential: caller.name }, 'analysis submitted');
    return record;
  }

  async cancelled(id: string, caller: Caller): Promise<AnalysisRecord> {
    const record = await this.analyses.cancel(id, 'cancelled on request');
    if (record === null) throw noAnalysis(id, this.ledger);
    this.log.info({ id, credential: caller.name }, 'analysis cancelled on request');
    return record;
  }

  /** The analysis of this id, where it is one that the caller may see. @throws TriremeError NO_ANALYSIS, USAGE */
  async known(id: string, caller: Caller): Promise<AnalysisRecord> {
    if (id === '') throw new TriremeError('USAGE', `id is empty: 'trireme analyses' lists them`);
    const record = /^[0-9a-f]{16}$/.test(id) ? await this.ledger.get(id) : null;
    if (record === null || !maySee(caller, record)) throw noAnalysis(id, this.ledger);
    return record;
  }

  /** Does the work of one of the bounded number of uploads. @param peer the connection that it comes on */
  async uploading<T>(peer: string, work: () => Promise<T>): Promise<T> {
    this.uploads++;
    let ended: (() => void) | undefined;
    try {
      if (this.draining) throw draining();
      ended = this.shares.begin(peer);
      return await work();
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      const suppressed = this.rate.admit(code, performance.now());
      if (suppressed !== undefined) this.log.warn({ code, error: message, peer, suppressed }, 'upload failed');
      throw error;
    } finally {
      ended?.();
      this.uploads--;
      this.endIfIdle();
    }
  }

  private async upload(
    call: grpc.ServerReadableStream<UploadRequest, UploadResponse>,
    answer: grpc.sendUnaryData<UploadResponse>,
  ): Promise<void> {
    try {
      answer(null, { path: await this.uploading(call.getPeer(), () => receiveUpload(call, this.spool)) });
    } catch (error) {
      answer(toStatus(error));
    }
  }

  private refuseIfBusy(): void {
    if (this.draining) throw draining();
    if (this.calls > callersMax) {
      throw new TriremeError('QUEUE_FULL', `${callersMax} callers are served already (callersMax); ask again later`, {
        facts: { value: this.calls, bound: callersMax, boundName: 'callersMax' },
      });
    }
  }

  private begin(): void {
    this.calls++;
  }

  private end(): void {
    this.calls--;
    this.endIfIdle();
  }

  private endIfIdle(): void {
    if (this.calls + this.uploads === 0) this.idle?.();
  }
}

const draining = (): TriremeError => new TriremeError('DRAINING', 'the master is shutting down; ask another one');
