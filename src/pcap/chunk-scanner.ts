import { TriremeError } from '../common/errors.js';
import { describeDamage } from './damage.js';
import { describeForeign } from './foreign.js';
import { Kernel, noLimit, phases } from './kernel.js';
import { writePartial } from './partial.js';
import { buildReport } from './report.js';
import type { CaptureReport } from './report-types.js';
import type { ChunkPlan, ChunkResult, CutRecord, ReportOptions, ScanOptions } from './types.js';

/** First bytes of a foreign file that tell what it is; the scanner waits for so many (assembly/window.ts). */
const foreignBytes = 512;

/** Scans one chunk. Push style: put bytes of the file into space(), say how many with filled(), until done or no more. */
export class ChunkScanner {
  private kernel: Kernel | null;
  /** Bytes pushed so far, for "the file is empty". */
  private pushed = 0;

  constructor(
    module: WebAssembly.Module,
    private readonly plan: ChunkPlan,
    private readonly options: ScanOptions,
  ) {
    const { start, end, startCertain, state } = plan;
    if (state === null && start !== 0)
      throw new TriremeError('USAGE', `a chunk at ${start} needs the state in force there`);
    this.kernel = Kernel.acquire(module, options);
    if (state !== null) this.kernel.installState(state);
    this.kernel.exports.beginWindow(
      BigInt(start),
      end === null ? noLimit : BigInt(end),
      state === null ? phases.header : startCertain ? phases.records : phases.search,
      state === null ? 0 : this.kernel.formatNumber(state),
    );
  }

  /** Where the next bytes of the file go, never empty while done is false; valid until the next filled(). */
  space(): Uint8Array {
    const { exports } = this.open();
    return this.open().bytes(exports.spaceAt(), exports.spaceBytes());
  }

  /** So many bytes were put into space(). Scans every record that is complete. */
  filled(bytes: number): void {
    const kernel = this.open();
    if (!(bytes >= 0 && bytes <= kernel.exports.spaceBytes()))
      throw new TriremeError('INTERNAL', `${bytes} bytes were put into a space of ${kernel.exports.spaceBytes()}`);
    this.pushed += bytes;
    kernel.call((exports) => exports.filled(bytes));
  }

  /** The chunk is complete, or damage or a foreign header ended it: no more bytes are wanted. */
  get done(): boolean {
    return this.kernel === null || this.kernel.exports.phaseNow() >= phases.complete;
  }

  /** Position in the file up to which records are scanned. */
  get position(): number {
    return Number(this.open().exports.position());
  }

  /** Ends the chunk, at done or at the end of the input. */
  end(): ChunkResult {
    const { result, kernel } = this.close();
    const partial = writePartial(kernel, result.start !== null && result.notACapture === null);
    kernel.release();
    return { ...result, partial };
  }

  /** Ends a scan of the whole file and tells it at once, without the copy that a mergeable result costs. */
  report(options: ReportOptions): CaptureReport {
    if (this.plan.start !== 0 || this.plan.end !== null)
      throw new TriremeError('INTERNAL', 'only a scan of the whole file can be reported: merge the others');
    const { result, kernel } = this.close();
    const report = buildReport(kernel, result, this.options, options);
    kernel.release();
    return report;
  }

  /** Gives up: the instance is free for another chunk. */
  cancel(): void {
    this.kernel?.release();
    this.kernel = null;
  }

  private open(): Kernel {
    if (this.kernel === null) throw new TriremeError('INTERNAL', 'the chunk has ended');
    return this.kernel;
  }

  private close(): { result: Omit<ChunkResult, 'partial'>; kernel: Kernel } {
    const kernel = this.open();
    this.kernel = null;
    const { exports } = kernel;
    const endOfInput = exports.phaseNow() < phases.complete;
    if (endOfInput) kernel.call(() => exports.finish());
    const phase = exports.phaseNow();
    const searching = phase === phases.search || phase === phases.notFound;
    const position = Number(exports.position());
    const start = searching ? null : Number(exports.startPosition());
    const notACapture = phase === phases.notACapture ? this.describeForeign(kernel) : null;
    return {
      kernel,
      result: {
        plan: this.plan,
        start,
        end: position,
        endState: notACapture === null ? (searching ? this.plan.state : kernel.readState()) : null,
        cut:
          phase === phases.records ? cutRecord(Number(exports.claimedBytes()), Number(exports.pendingBytes())) : null,
        damage:
          phase === phases.damaged
            ? {
                offset: position,
                detail: describeDamage(
                  exports.damageCode(),
                  position,
                  exports.damageFirst() >>> 0,
                  exports.damageSecond() >>> 0,
                ),
              }
            : null,
        notACapture,
        endOfInput: endOfInput && phase === phases.records,
        bytes: start === null ? 0 : position - start,
      },
    };
  }

  private describeForeign(kernel: Kernel): string {
    const { exports } = kernel;
    if (this.pushed === 0) return 'empty file';
    const [a, b] = [exports.damageFirst() >>> 0, exports.damageSecond() >>> 0];
    switch (exports.damageCode()) {
      case 1:
        return describeForeign(kernel.bytes(exports.WINDOW.value, Math.min(this.pushed, foreignBytes)));
      case 3:
        return `pcap version ${a}.${b} is not read; versions 2.0 to 2.4 are`;
      case 4:
        return `pcapng version ${a}.${b} is not read; versions 1.0 and 1.2 are`;
      default:
        return 'file header cut short';
    }
  }
}

function cutRecord(claimed: number, held: number): CutRecord | null {
  return held === 0 ? null : { claimed: claimed === 0 ? null : claimed, held };
}
