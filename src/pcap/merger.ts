import { TriremeError } from '../common/errors.js';
import { checkResult } from './chunk-result.js';
import { ChunkScanner } from './chunk-scanner.js';
import { Kernel } from './kernel.js';
import { writePartial } from './partial.js';
import { addPartial, sameBase, sectionsMet, unsettledBefore } from './partial-reader.js';
import { readsAlike } from './read-state.js';
import { buildReport, type Outcome } from './report.js';
import type { CaptureReport } from './report-types.js';
import type {
  ChunkPlan,
  ChunkResult,
  PackedRange,
  ReadState,
  ReportOptions,
  ScanOptions,
  WalkPlan,
  WalkResult,
} from './types.js';

/**
 * rescan: have this plan scanned and offer its result; walk: run a RecordWalk of walkPlan() and hand it to walked().
 */
export type MergeStep = { readonly rescan: ChunkPlan } | 'walk' | 'complete' | 'waiting';

/** Guesses that may fail before the record headers are walked through instead. */
const mismatchesMax = 2;
/** A gap this long costs as much as a chunk scanned again and counts as a mismatch. */
const gapBytesCheap = 1024 * 1024;
/** Fewer chunks than this left: walking gains nothing. */
const chunksWorthAWalk = 2;

const isSamePlan = (x: ChunkPlan, y: ChunkPlan): boolean =>
  x.end === y.end && x.startCertain === y.startCertain && x.tcpStates === y.tcpStates;

const endOf = (plan: ChunkPlan): number => plan.end ?? Infinity;

/**
 * Proves the seams between chunks in file order, whatever the order of arrival, and adds up what is proven: everything
 * before the frontier. A result counts if it starts where the frontier stands and assumed the state in force there.
 */
export class Merger {
  private readonly kernel: Kernel;
  private readonly guesses: (ChunkResult | null)[];
  /** Results of certain plans that the frontier has not reached, by their start. */
  private readonly certain = new Map<number, ChunkResult>();
  /** Certain plans that were asked for and have not come, by their start. */
  private readonly asked = new Map<number, ChunkPlan>();
  private readonly toHandOut: ChunkPlan[] = [];
  private frontier: Outcome = { end: 0, endState: null, cut: null, damage: null, notACapture: null };
  /** Nothing follows the frontier. */
  private final = false;
  /** The chunk in which the frontier stands. */
  private current = 0;
  private mismatches = 0;
  /** All that is not proven is one chunk, of this range. */
  private single: PackedRange | null = null;
  private last: ChunkPlan | null = null;
  private walk: 'not needed' | 'wanted' | 'running' | 'done' = 'not needed';
  /** Numbers of the plans by where they start. */
  private readonly numbers: ReadonlyMap<number, number>;

  constructor(
    private readonly module: WebAssembly.Module,
    private readonly plans: readonly ChunkPlan[],
    private readonly options: ScanOptions,
    /** The first chunk, which is counted in this kernel already. */
    first?: { readonly result: ChunkResult; readonly kernel: Kernel },
  ) {
    if (plans.length === 0 || plans[plans.length - 1].end !== null)
      throw new TriremeError('INTERNAL', 'the plans do not run to the end of the file');
    this.kernel = first?.kernel ?? Kernel.acquire(module, options);
    this.guesses = new Array<ChunkResult | null>(plans.length).fill(null);
    this.numbers = new Map(plans.map(({ start }, number) => [start, number]));
    if (first !== undefined) this.passed(first.result, first.result.endState);
  }

  /** A result of one of the plans, or of a plan that next() asked for. A second one for the same plan is ignored. */
  offer(result: ChunkResult): void {
    if (this.final) return;
    const { plan } = result;
    const asked = this.asked.get(plan.start);
    const number = this.numberOf(plan);
    const ofAsked = asked !== undefined && isSamePlan(asked, plan);
    if (!ofAsked && (number < this.current || this.guesses[number] !== null)) return;
    if (!ofAsked && this.plans[number].startCertain !== plan.startCertain) return;
    checkResult(result);
    if (ofAsked) {
      this.asked.delete(plan.start);
      this.certain.set(plan.start, result);
    } else this.guesses[number] = result;
    this.advance();
  }

  /** What to do now. 'waiting': nothing before another offer. Each rescan is handed out once. */
  next(): MergeStep {
    if (this.final) return 'complete';
    const plan = this.toHandOut.shift();
    if (plan !== undefined) return { rescan: plan };
    if (this.walk !== 'wanted') return 'waiting';
    this.walk = 'running';
    return 'walk';
  }

  /**
   * Whether the result of this plan can still matter (damage before it, or what came meanwhile, makes plans
   * irrelevant).
   */
  wanted(plan: ChunkPlan): boolean {
    if (this.final || endOf(plan) <= this.frontier.end) return false;
    if (this.asked.has(plan.start) && this.asked.get(plan.start)!.end === plan.end) return true;
    if (this.single !== null) return false;
    const number = this.numberOf(plan);
    return number >= this.current && this.guesses[number] === null;
  }

  /** Bytes from the start of the file whose records are proven and counted. */
  get provenBytes(): number {
    return this.frontier.end;
  }

  /** The plan of the result in which the proven part of the file ends; null: nothing is proven. */
  get lastPlan(): ChunkPlan | null {
    return this.last;
  }

  /** Gives up the chunks of a packed file: all that is not proven is asked for as one, which lies in this range. */
  restAsOne(range: PackedRange): void {
    this.single = range;
    this.guesses.fill(null);
    this.certain.clear();
    this.asked.clear();
    this.toHandOut.length = 0;
    this.ask({ start: this.frontier.end, end: null, startCertain: true, state: this.frontier.endState });
  }

  walkPlan(): WalkPlan {
    const { end, endState } = this.frontier;
    if (endState === null) throw new TriremeError('INTERNAL', 'no walk is wanted');
    return { start: end, state: endState, cuts: this.plans.map((plan) => plan.start).filter((start) => start > end) };
  }

  /** The boundaries are certain: chunks whose guess was another are asked for again, all at once. */
  walked(result: WalkResult): void {
    this.walk = 'done';
    for (const [i, boundary] of result.boundaries.entries()) {
      const number = this.numbers.get(result.plan.cuts[i]) ?? -1;
      const guess = this.guesses[number];
      const plan = this.plans[number];
      if (number <= this.current || endOf(plan) <= boundary.offset || guess === null) continue;
      if (guess.start !== boundary.offset || !this.assumed(guess, boundary.state))
        this.ask({ start: boundary.offset, end: plan.end, startCertain: true, state: boundary.state });
    }
    this.advance();
  }

  /**
   * The report, once next() says complete. The merger is used up.
   * @param told changes how the end of the file is told; by default it is told as it was found
   */
  finish(options: ReportOptions, told = (found: Outcome): Outcome => found): CaptureReport {
    if (!this.final) throw new TriremeError('INTERNAL', 'the chunks are not all merged');
    const report = buildReport(this.kernel, told(this.frontier), this.options, options);
    this.kernel.release();
    return report;
  }

  /**
   * Gives up merging: a scan of all that is not proven yet, into what is merged, whose report is that of the
   * whole file. The merger is used up.
   */
  scanOn(): ChunkScanner {
    const { end, endState } = this.frontier;
    if (this.final || endState === null) throw new TriremeError('INTERNAL', 'nothing is left to scan');
    const plan = { start: end, end: null, startCertain: true, state: endState };
    return new ChunkScanner(this.module, plan, this.options, this.kernel);
  }

  /** The same as a mergeable result, for a capture that goes on in other files; and how it ended. */
  finishPartial(): Outcome & { readonly partial: Uint8Array } {
    if (!this.final) throw new TriremeError('INTERNAL', 'the chunks are not all merged');
    const partial = writePartial(this.kernel, this.frontier.notACapture === null);
    this.kernel.release();
    return { ...this.frontier, partial };
  }

  /** Which of the plans it is; -1: none. */
  private numberOf({ start, end }: ChunkPlan): number {
    const number = this.numbers.get(start);
    return number !== undefined && this.plans[number].end === end ? number : -1;
  }

  private advance(): void {
    while (!this.final) {
      const at = this.frontier.end;
      while (endOf(this.plans[this.current]) <= at) this.guesses[this.current++] = null;
      const certain = this.certain.get(at);
      if (certain !== undefined) {
        this.certain.delete(at);
        // It was asked for before a packet had decided what times are counted from.
        if (!sameBase(this.kernel, certain.partial)) {
          this.ask(certain.plan);
          return;
        }
        if (!this.settles(certain)) return;
        this.accept(certain, certain.endState);
        continue;
      }
      const guess = this.guesses[this.current];
      if (this.asked.has(at) || guess === null) return;
      if (guess.start === at && this.assumed(guess, this.frontier.endState)) {
        if (!this.settles(guess)) return;
        this.guesses[this.current] = null;
        // With no interface described in the chunk, the state at its end is the one proven at its start.
        const kept = guess.plan.state !== null && this.frontier.endState !== null && !sectionsMet(guess.partial);
        this.accept(guess, kept ? this.frontier.endState : guess.endState);
        continue;
      }
      this.repair(guess);
      return;
    }
  }

  /**
   * Whether the TCP conversations of the next result settle; else its chunk is asked for again from their states here.
   */
  private settles({ plan, partial, ...result }: ChunkResult): boolean {
    const unsettled = unsettledBefore(this.kernel, partial);
    if (unsettled === null) return true;
    const { end: start, endState: state } = this.frontier;
    if (plan.tcpStates !== undefined)
      throw new TriremeError(
        'JOB_FAILED',
        `the chunk at ${start} was not scanned from the TCP states that it was given`,
      );
    const { packed } = plan;
    // A range of a packed file ends long before the position of the next one.
    const end = Math.min(result.end, packed === undefined ? Infinity : packed.position + (result.range?.bytes ?? 0));
    // Half of a chunk has half of its conversations at most, and one packet has one.
    if (unsettled === 'too many')
      this.ask({ start, end: start + Math.ceil((end - start) / 2), startCertain: true, state });
    else this.ask({ start, end: plan.end, startCertain: true, state, ...unsettled });
    return false;
  }

  /** Whether a result was scanned in a state that reads its records as the one in force does. */
  private assumed(result: ChunkResult, inForce: ReadState | null): boolean {
    const plain = result.damage === null && !sectionsMet(result.partial);
    return readsAlike(result.plan.state, inForce, plain) && sameBase(this.kernel, result.partial);
  }

  /** The guess of the current chunk does not fit the frontier: scans the gap before it, or the chunk again. */
  private repair(guess: ChunkResult): void {
    const { end: at, endState } = this.frontier;
    if (endState === null) throw new TriremeError('INTERNAL', 'the first chunk has no state to go on with');
    const gap = guess.start !== null && guess.start > at && this.assumed(guess, endState);
    if (!gap || guess.start! - at > gapBytesCheap) this.mismatches++;
    this.ask({
      start: at,
      end: gap ? guess.start : this.plans[this.current].end,
      startCertain: true,
      state: endState,
    });
    const left = this.plans.length - this.current - 1;
    // A walk through what is packed would inflate all of it.
    if (this.plans[this.current].packed !== undefined) return;
    if (this.mismatches >= mismatchesMax && this.walk === 'not needed' && left >= chunksWorthAWalk)
      this.walk = 'wanted';
  }

  private ask(plan: ChunkPlan): void {
    if (this.asked.has(plan.start) || this.certain.has(plan.start)) return;
    const { state } = plan;
    const based = this.kernel.baseDecided && state !== null;
    const packed = this.single ?? this.plans[this.current].packed;
    const placed = packed === undefined ? plan : { ...plan, packed };
    const whole = based ? { ...placed, state: { ...state, timeBase: this.kernel.base.toString() } } : placed;
    this.asked.set(plan.start, whole);
    this.toHandOut.push(whole);
  }

  private accept(result: ChunkResult, endState: ReadState | null): void {
    addPartial(this.kernel, result.partial);
    this.passed(result, endState);
    this.last = result.plan;
  }

  /** Records up to the result's end are counted. */
  private passed({ end, cut, damage, notACapture, endOfInput }: ChunkResult, endState: ReadState | null): void {
    this.frontier = { end, endState, cut, damage, notACapture };
    this.final = damage !== null || notACapture !== null || endOfInput;
    if (this.final) {
      this.guesses.fill(null);
      this.certain.clear();
    }
  }
}
