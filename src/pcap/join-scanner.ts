import { TriremeError } from '../common/errors.js';
import { endChunk } from './chunk-outcome.js';
import { wholeFilePlan } from './chunk-plans.js';
import { Kernel, phases, tableSize, type TableSize } from './kernel.js';
import { writePartial } from './partial.js';
import { addPartial, unsettledBefore } from './partial-reader.js';
import { PartMeter, type PartSums } from './part-meter.js';
import { buildReport, type Outcome } from './report.js';
import type { CaptureFacts } from './report-types.js';
import { installStates, type Unsettled } from './tcp-pieces.js';
import type { ChunkPlan, ReadState, ReportOptions, ScanOptions } from './types.js';

/** What the scan of one file of a joined capture told. Plain JSON. */
export type PartFacts = PartSums & Outcome;

/** What is known of the files before some that are scanned by themselves, where what is told depends on their order. */
export type FilesBefore = Pick<ChunkPlan, 'tcpStates' | 'tcpLogged'>;

/** What a joined report is built on where no single file's state is in force. */
const anyState: ReadState = { format: 'pcap', byteOrder: 'little', interfaces: [], lengthsSwapped: false };

/**
 * Counts several files into one table, one after the other, each from its own header on. Push style, as ChunkScanner:
 * begin() a file, put its bytes into space(), endPart(); at last partial() or report().
 */
export class JoinScanner {
  private readonly kernel: Kernel;
  private readonly meter: PartMeter;
  private state: 'between files' | 'in a file' | 'ended' = 'between files';
  private pushed = 0;

  constructor(
    module: WebAssembly.Module,
    private readonly options: ScanOptions,
    /** Null: the first file is the first of all, or partial results of all come in order. */
    before: FilesBefore | null = null,
  ) {
    this.kernel = Kernel.acquire(module, options, before === null ? 'whole' : 'chunk');
    if (before !== null && this.kernel.watchesTcp) this.watchFrom(before);
    this.meter = new PartMeter(this.kernel);
  }

  begin(): void {
    this.expect('between files');
    this.state = 'in a file';
    this.pushed = 0;
    this.meter.begin();
    this.kernel.exports.beginPart();
    this.kernel.beginPlan(wholeFilePlan);
  }

  /** Where the next bytes of the file go; valid until the next filled(). */
  space(): Uint8Array {
    return this.kernel.space();
  }

  /** So many bytes were put into space(). */
  filled(bytes: number): void {
    this.pushed += bytes;
    this.kernel.filled(bytes);
  }

  /** Damage or a foreign header has ended the file: no more of its bytes are wanted. */
  get done(): boolean {
    return this.kernel.done;
  }

  /** A file was begun and not ended: what was counted of it cannot be told from the rest any more. */
  get inFile(): boolean {
    return this.state === 'in a file';
  }

  /** Of all files so far. */
  get table(): TableSize {
    return tableSize(this.kernel);
  }

  /** Ends the file, at done or at the end of its bytes. */
  endPart(): PartFacts {
    this.expect('in a file');
    this.state = 'between files';
    const { end, endState, cut, damage, notACapture } = endChunk(this.kernel, wholeFilePlan, this.pushed);
    return { ...this.meter.end(), end, endState, cut, damage, notACapture };
  }

  /**
   * What all files have given so far, also the one that is not at its end: the mergeable result, and the
   * facts of that file; null where its header is not there yet, or it is damaged.
   */
  soFar(): { readonly partial: Uint8Array; readonly facts: PartFacts | null } {
    const { kernel } = this;
    const { exports } = kernel;
    const write = (): Uint8Array => kernel.keepWindow(() => writePartial(kernel, true));
    if (!this.inFile) return { partial: write(), facts: null };
    const { sums, found } = this.meter.soFar(write);
    if (exports.phaseNow() !== phases.records) return { partial: found, facts: null };
    const outcome = { cut: null, damage: null, notACapture: null };
    const facts = { ...sums, end: Number(exports.position()), endState: kernel.readState(), ...outcome };
    return { partial: found, facts };
  }

  private watchFrom({ tcpStates, tcpLogged }: FilesBefore): void {
    this.kernel.exports.setPiecewise();
    if (tcpLogged === true) this.kernel.exports.setEndlessLogs();
    if (tcpStates !== undefined) installStates(this.kernel, tcpStates);
  }

  /** What is missing before files that were counted elsewhere can be added next; null: nothing. */
  missing(partial: Uint8Array): Unsettled | null {
    this.expect('between files');
    return unsettledBefore(this.kernel, partial);
  }

  /** Adds files that were counted elsewhere. */
  add(partial: Uint8Array): void {
    this.expect('between files');
    addPartial(this.kernel, partial);
  }

  /** Adds one file that was counted elsewhere, and tells of it what endPart() would. */
  addFile(partial: Uint8Array, { end, endState, cut, damage, notACapture }: Outcome): PartFacts {
    this.expect('between files');
    this.meter.begin();
    addPartial(this.kernel, partial);
    return { ...this.meter.end(), end, endState, cut, damage, notACapture };
  }

  /** Ends all: the mergeable result. */
  partial(): Uint8Array {
    this.expect('between files');
    const partial = writePartial(this.kernel, true);
    this.cancel();
    return partial;
  }

  /** Ends all: the report. What one file alone has (format, sections, how it ended) is the caller's to say. */
  report(options: ReportOptions): CaptureFacts {
    this.expect('between files');
    const outcome = { end: 0, endState: anyState, cut: null, damage: null, notACapture: null };
    const report = buildReport(this.kernel, outcome, this.options, options);
    this.cancel();
    if (report.error === 'not-a-capture') throw new TriremeError('INTERNAL', 'a joined report has no facts');
    return report;
  }

  /** Gives up: the instance is free. */
  cancel(): void {
    if (this.state !== 'ended') this.kernel.release();
    this.state = 'ended';
  }

  private expect(state: JoinScanner['state']): void {
    if (this.state !== state) throw new TriremeError('INTERNAL', `a joined scan is ${this.state}, not ${state}`);
  }
}
