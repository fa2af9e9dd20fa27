import { TriremeError } from '../common/errors.js';
import { endChunk, nothingFound } from './chunk-outcome.js';
import { wholeFilePlan } from './chunk-plans.js';
import { Kernel, noLimit, phases, tableSize, type TableSize } from './kernel.js';
import { writePartial } from './partial.js';
import type { PieceIndex } from './pieces/piece-index.js';
import type { PieceMeter } from './pieces/piece-meter.js';
import { buildReport } from './report.js';
import type { CaptureReport } from './report-types.js';
import { spanNs } from './scan-options.js';
import { installStates } from './tcp-pieces.js';
import type { ChunkPlan, ChunkResult, ReportOptions, ScanOptions } from './types.js';

/**
 * Scans one chunk. Push style: put bytes of the file into space(), say how many with filled(), until done or no more.
 */
export class ChunkScanner {
  private kernel: Kernel | null;
  /** Bytes pushed so far, for "the file is empty". */
  private pushed = 0;
  private readonly countsFromTheStart: boolean;
  private meter: PieceMeter | null = null;
  private indexed: PieceIndex | null = null;
  /**
   * The filter does not fit what was read from a guessed start, which may be no record: nothing is told of the chunk.
   */
  private misled = false;

  constructor(
    module: WebAssembly.Module,
    private plan: ChunkPlan,
    private readonly options: ScanOptions,
    /** One that has counted all records before the plan's start; a new one by default. */
    before?: Kernel,
  ) {
    const { start, state } = plan;
    if (state === null && start !== 0)
      throw new TriremeError('USAGE', `a chunk at ${start} needs the state in force there`);
    if (start !== 0 && before === undefined) refuseOpenSpan(options);
    this.kernel = before ?? Kernel.acquire(module, options, start === 0 ? 'whole' : 'chunk');
    before?.goOnBehind();
    this.countsFromTheStart = start === 0 || before !== undefined;
    if (state !== null) this.kernel.installState(state);
    if (!this.kernel.baseDecided && state?.format !== 'pcap' && state?.format !== 'pcap-nsec')
      this.kernel.exports.beginClock(false);
    if (options.tcp === true && !this.countsFromTheStart) this.kernel.exports.setPiecewise();
    if (plan.tcpStates !== undefined) installStates(this.kernel, plan.tcpStates);
    this.kernel.beginPlan(plan);
  }

  /**
   * To be called before the first byte of a scan of a whole file: its pieces are noted for an index.
   * @param only nothing is counted beside
   * @param pieceBytes of each piece, those of the format by default
   */
  keepIndex(only: boolean, pieceBytes?: number): void {
    const { PieceMeter } = require('./pieces/piece-meter.js') as typeof import('./pieces/piece-meter.js');
    this.meter = new PieceMeter(this.open(), only, pieceBytes);
    this.open().exports.setLimit(this.meter.limit);
  }

  /** The index of a scan that has ended. */
  get index(): PieceIndex {
    if (this.indexed === null) throw new TriremeError('INTERNAL', 'no index was kept, or the scan has not ended');
    return this.indexed;
  }

  /** Where the next bytes of the file go, never empty while done is false; valid until the next filled(). */
  space(): Uint8Array {
    return this.open().space();
  }

  /** So many bytes were put into space(). Scans every record that is complete. */
  filled(bytes: number): void {
    const kernel = this.open();
    if (!(bytes >= 0 && bytes <= kernel.exports.spaceBytes()))
      throw new TriremeError('INTERNAL', `${bytes} bytes were put into a space of ${kernel.exports.spaceBytes()}`);
    this.pushed += bytes;
    this.guard(() => kernel.filled(bytes));
    this.meter?.next();
  }

  /** The chunk is complete, or damage or a foreign header ended it: no more bytes are wanted. */
  get done(): boolean {
    return this.kernel === null || this.misled || this.kernel.done;
  }

  /** Position in the file up to which records are scanned. */
  get position(): number {
    return Number(this.open().exports.position());
  }

  /** Entries of the table, and packets that were counted in it. */
  get table(): TableSize {
    return tableSize(this.open());
  }

  /**
   * What a scan from the start of the file has counted so far, as a mergeable result of the whole file; the
   * scan goes on. Null before the header is complete, and when damage has ended it.
   */
  soFar(): ChunkResult | null {
    const kernel = this.open();
    if (!this.countsFromTheStart || kernel.exports.phaseNow() !== phases.records) return null;
    const partial = kernel.keepWindow(() => writePartial(kernel, true));
    const end = this.position;
    const outcome = { cut: null, damage: null, notACapture: null, endOfInput: true };
    return { plan: wholeFilePlan, start: 0, end, endState: kernel.readState(), ...outcome, bytes: end, partial };
  }

  /** The chunk has no end any more: the scan goes on to the end of the file. */
  goOn(): void {
    const kernel = this.open();
    this.plan = { ...this.plan, end: null };
    if (kernel.exports.phaseNow() <= phases.complete) kernel.call((exports) => exports.setLimit(noLimit));
  }

  /**
   * Nothing behind this position belongs to the chunk, whose last record may still reach beyond. All before
   * it was pushed, and no more.
   */
  endAt(position: number): void {
    const kernel = this.open();
    if (!this.done) this.guard(() => kernel.call((exports) => exports.setLimit(BigInt(position))));
  }

  /** Ends the chunk as end() does, and leaves what was counted where it is: a merger goes on from there. */
  handOver(): { readonly result: ChunkResult; readonly kernel: Kernel } {
    const { result, kernel } = this.close();
    return { result: { ...result, partial: new Uint8Array(0) }, kernel };
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
    if (!this.countsFromTheStart || this.plan.end !== null)
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

  /** Runs what looks at packets. Undefined: the chunk is misled. */
  private guard<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (this.plan.startCertain || TriremeError.from(error).code !== 'FILTER_UNFIT') throw error;
      this.misled = true;
      return undefined;
    }
  }

  private open(): Kernel {
    if (this.kernel === null) throw new TriremeError('INTERNAL', 'the chunk has ended');
    return this.kernel;
  }

  private close(): { result: Omit<ChunkResult, 'partial'>; kernel: Kernel } {
    const kernel = this.open();
    this.kernel = null;
    const ended = this.misled ? undefined : this.guard(() => endChunk(kernel, this.plan, this.pushed));
    const result = ended ?? nothingFound(this.plan);
    if (this.meter !== null && result.notACapture === null) this.indexed = this.meter.end();
    return { kernel, result };
  }
}

/** The first packet is not in this chunk. */
function refuseOpenSpan({ span }: ScanOptions): void {
  if (span === undefined || spanNs(span)[2] === 0) return;
  throw new TriremeError(
    'USAGE',
    'a time that is counted from the first packet is of one file, read by one core or from a disk of this machine: ' +
      'leave out --multi, or give a time such as 2026-11-29T14:00:00Z',
  );
}
