import { atMost } from '../common/stuck-work.js';
import { TriremeError } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import type { CaptureAccess } from '../captures/file/capture-access.js';
import { shownName } from '../captures/file/capture-name.js';
import type { Hub } from '../hub/port/hub.js';
import { complaintOf } from '../pcap/extractor.js';
import { progressIntervalMs } from './analysis-info.js';
import { Extraction, type Extracted } from './extraction.js';
import { toCaller, toNewFile, type ExtractCall } from './extract-sinks.js';
import { type CapturePlaces, openNamed } from './open-capture.js';
import { compileRequest, type AnalysisRequest } from './request.js';
import type { Sources } from './sources.js';
import type { Spool } from './spool.js';

/** For the last callers to be told that the master ends; one whose file does not answer is not waited for. */
export const callersEndMs = 1_000;

/** Extractions at once: each holds chunks that wait for those before them. */
export const extractionsMax = 16;

export interface ExtractCallsSetup extends CapturePlaces {
  readonly hub: Hub;
  readonly sources: Sources;
  readonly spool: Spool;
  /** The folders below which captures may be written. */
  readonly places: CaptureAccess;
  readonly chunkBytes: number | null;
  readonly waitMs: number;
  readonly log: Logger;
}

/** Extractions that callers wait for. Each ends with its caller. */
export class ExtractCalls {
  private readonly running = new Set<Extraction>();
  private calls = 0;
  private idle: () => void = () => undefined;

  constructor(private readonly setup: ExtractCallsSetup) {}

  /** Lets what runs end for at most graceMs. */
  async drain(graceMs: number): Promise<void> {
    if (this.calls === 0) return;
    const idle = new Promise<void>((resolve) => (this.idle = resolve));
    await atMost(graceMs, idle);
    for (const extraction of this.running)
      extraction.abort(new TriremeError('DRAINING', 'the master is shutting down'));
    if (this.calls > 0) await atMost(callersEndMs, idle);
  }

  /** Serves one call to its end. @throws TriremeError what the caller is to be told */
  async serve(call: ExtractCall): Promise<void> {
    if (this.calls >= extractionsMax)
      throw new TriremeError(
        'QUEUE_FULL',
        `${extractionsMax} extractions run already (extractionsMax); ask again later`,
        { facts: { value: this.calls, bound: extractionsMax, boundName: 'extractionsMax' } },
      );
    this.calls++;
    const { spool } = this.setup;
    const spooled = spool.claim(call.request.path);
    try {
      await this.extract(call, spooled ? spool.pathOf(call.request.path) : call.request.path);
    } finally {
      if (spooled) await spool.remove(call.request.path);
      if (--this.calls === 0) this.idle();
    }
  }

  private async extract(call: ExtractCall, path: string): Promise<void> {
    const { places, waitMs, sources, hub, chunkBytes, log } = this.setup;
    const { to } = call.request;
    const packetsMax = call.request.packetsMax === 0n ? undefined : call.request.packetsMax;
    const request = requestOf(call, waitMs);
    const gone = new AbortController();
    const capture = await openNamed(this.setup, path, request.identity);
    let sink;
    let source;
    try {
      sink = to === '' ? toCaller(call, gone.signal) : await toNewFile(await places.place(to), to);
      let bytes = 0;
      let extraction: Extraction | null = null;
      source = sources.serve(capture, (error) => extraction?.abort(error));
      extraction = new Extraction({
        ...{ hub, capture, chunkBytes, source: source.name, waitMs: request.waitMs },
        options: {
          filter: request.scan.filter,
          filterTags: request.scan.filterTags,
          span: request.scan.span,
          packetsMax,
        },
        write: async (taken) => {
          bytes += taken.length;
          await sink!.write(taken);
        },
        byIndex:
          call.request.noIndex !== true && (request.scan.filter !== undefined || request.scan.span !== undefined),
        onProgress: progressOf(call, capture.sizeBytes),
      });
      const running = extraction;
      const cancel = (): void => {
        gone.abort(new TriremeError('CANCELLED', 'the client is gone'));
        running.abort(new TriremeError('CANCELLED', 'the client is gone'));
      };
      call.on('cancelled', cancel);
      if (call.cancelled) cancel();
      this.running.add(running);
      let extracted: Extracted;
      try {
        extracted = await running.run().catch(async (error: unknown) => {
          // A capture that was written to while it was read fails in many ways: say the one that matters.
          if (TriremeError.from(error).code !== 'CANCELLED') await capture.checkUnchanged();
          throw error;
        });
        await capture.checkUnchanged();
      } finally {
        this.running.delete(running);
      }
      if (extracted.notACapture !== null)
        throw new TriremeError('NOT_A_CAPTURE', `${request.name}: ${extracted.notACapture}`);
      await sink.complete();
      const { packets, ofPackets } = extracted;
      const complaint = complaintOf(extracted, packetsMax) ?? '';
      log.info({ path: shownName(path), packets: Number(packets), bytes, to }, 'extracted');
      call.write({ event: { $case: 'result', value: { packets, ofPackets, complaint, bytes: BigInt(bytes) } } });
      call.end();
    } finally {
      await sink?.discard();
      await source?.end();
      capture.close();
    }
  }
}

/** Checked as a request for an analysis is. */
function requestOf({ request }: ExtractCall, waitMsUnsaid: number): AnalysisRequest {
  const { path, identity, name, waitMs, filter, filterTags, afterNs, beforeNs, afterFirstNs, beforeFirstNs } = request;
  const options = {
    ...{ client: '', server: '', top: 0, sort: '', intervalNs: 0n, conversationsMax: 0 },
    ...{ filter, filterTags, afterNs, beforeNs, afterFirstNs, beforeFirstNs },
  };
  return compileRequest({ path, identity, name, waitMs, options, detach: false }, waitMsUnsaid);
}

/** Tells the caller now and then how far it is; one that does not read misses some. */
function progressOf(call: ExtractCall, sizeBytes: number): (bytes: number, workers: number, message: string) => void {
  let toldMs = -Infinity;
  return (bytesDone, workers, message) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < progressIntervalMs || call.writableNeedDrain) return;
    toldMs = nowMs;
    const value = {
      ...{ bytesDone: BigInt(bytesDone), bytesTotal: BigInt(sizeBytes), workers, message },
      ...{ chunksDone: 0, chunksTotal: 0, chunksResumed: 0 },
    };
    call.write({ event: { $case: 'progress', value } });
  };
}
