import { damageAt } from '../../../pcap/damage.js';
import { MergeDriver, type MergePorts } from '../../../pcap/merge-driver.js';
import { Merger } from '../../../pcap/merger.js';
import type { Outcome } from '../../../pcap/report.js';
import type { CaptureReport } from '../../../pcap/report-types.js';
import type { ChunkPlan, ChunkResult, ReportOptions, ScanOptions } from '../../../pcap/types.js';
import { TriremeError } from '../../../common/errors.js';
import { exceeds, inflateBoundDefault } from '../inflate-bound.js';
import { soundOutcome, type InflateOutcome } from '../inflated.js';

/** The result of a chunk of a packed file, and how its inflating ended. */
export interface RangeResult {
  readonly result: ChunkResult;
  readonly outcome: InflateOutcome;
}

/** What is known of a range whose first result has come. */
interface Known {
  /** Bytes that it inflates to, and all ranges before it. */
  readonly bytes: number;
  readonly before: number;
  /** The furthest that a record which begins in it reaches into the next one. */
  overhang: number;
}

/**
 * Proves and adds up the chunks of a packed file. A range counts once all before it were inflated to their
 * ends and ended where the next one begins; then its bytes are those that one core gives. Where one does not,
 * is damaged, or may be past the bound of a whole file, all from there on is asked for as one chunk, which
 * reads as one core does: so bytes and errors are the same.
 */
export class RangeMerge {
  private readonly driver: MergeDriver;
  /** First results of ranges, by number, that came before those of the ranges before them. */
  private readonly early = new Map<number, RangeResult>();
  private readonly known: Known[] = [];
  private readonly outcomes = new Map<ChunkPlan, InflateOutcome>();
  private readonly numbers: ReadonlyMap<number, number>;
  /** The first range that cannot be taken on its own; null: none so far. */
  private broken: number | null = null;
  private inOrder = false;

  constructor(
    module: WebAssembly.Module,
    private readonly plans: readonly ChunkPlan[],
    scan: ScanOptions,
    ports: Pick<MergePorts, 'rescan' | 'drop'>,
    private readonly bound = inflateBoundDefault,
  ) {
    this.numbers = new Map(plans.map(({ packed }, number) => [packed!.position, number]));
    const pour = (): Promise<void> =>
      Promise.reject(new TriremeError('INTERNAL', 'a packed file is not walked through'));
    this.driver = new MergeDriver(module, new Merger(module, plans, scan), plans, { ...ports, pour });
  }

  get provenBytes(): number {
    return this.driver.merger.provenBytes;
  }

  /** Takes results in, and does what follows from them. @throws TriremeError as MergeDriver.take() */
  async take(results: readonly RangeResult[]): Promise<'complete' | 'waiting'> {
    const taken: ChunkResult[] = [];
    for (const one of results) this.sort(one, taken);
    for (let number = this.known.length; this.broken === null && this.early.has(number); number++)
      this.takeFirst(number, taken);
    const step = await this.driver.take(taken);
    const { broken } = this;
    if (step === 'complete' || this.inOrder || broken === null || this.provenBytes < this.plans[broken].start)
      return step;
    this.inOrder = true;
    const { from, position } = this.plans[broken].packed!;
    const bytesMax = Number.MAX_SAFE_INTEGER;
    return this.driver.restAsOne({ from, to: null, position, bytesMax, before: this.beforeOf(broken) });
  }

  /** The report, once all is proven, and how the inflating ended. */
  finish(options: Omit<ReportOptions, 'inputCut'>): {
    readonly report: CaptureReport;
    readonly outcome: InflateOutcome;
  } {
    const { merger } = this.driver;
    const outcome = this.outcomes.get(merger.lastPlan!) ?? soundOutcome;
    const number = this.numbers.get(merger.lastPlan!.packed!.position)!;
    const shift = this.beforeOf(number) - this.plans[number].start;
    const told = (found: Outcome): Outcome => shifted(found, shift);
    return { report: merger.finish({ ...options, inputCut: outcome.truncated }, told), outcome };
  }

  private sort(one: RangeResult, taken: ChunkResult[]): void {
    const { result } = one;
    const { packed, ...plan } = result.plan;
    const number = packed === undefined ? undefined : this.numbers.get(packed.position);
    if (number === undefined || packed === undefined)
      throw new TriremeError('INTERNAL', `the chunk at ${plan.start} is none of the packed file`);
    if (packed.before !== undefined) {
      if (this.inOrder) this.pass(one, taken);
      return;
    }
    const first = this.plans[number];
    const isFirst = plan.start === first.start && plan.end === first.end && plan.startCertain === first.startCertain;
    if (number > (this.broken ?? number)) return;
    if (isFirst && plan.tcpStates === undefined && number >= this.known.length) this.early.set(number, one);
    else if (isSound(one) && this.reaches(number, one)) this.pass(one, taken);
    else this.breakAt(number);
  }

  /** The next range in the order of the file. */
  private takeFirst(number: number, taken: ChunkResult[]): void {
    const one = trustedStart(this.early.get(number)!);
    this.early.delete(number);
    const bytes = one.result.range?.bytes ?? 0;
    const before = this.beforeOf(number);
    const overlap = number === 0 ? 0 : this.known[number - 1].overhang;
    if (!isSound(one) || overlap > bytes) return this.breakAt(number);
    this.known.push({ bytes, before, overhang: 0 });
    if (this.reaches(number, one)) this.pass(one, taken);
    else this.breakAt(number);
  }

  /**
   * Whether the last record of a result ends in the next range at the latest, and nothing up to its end may
   * be past the bound; it is noted how far it reaches.
   */
  private reaches(number: number, { result }: RangeResult): boolean {
    const { packed } = this.plans[number];
    // Nowhere in it: the packed bytes of one core are at least those before the range.
    if (exceeds(this.known[number].before + result.range!.inflated, packed!.from, this.bound)) return false;
    const overhang = packed!.to === null ? 0 : result.end - (packed!.position + packed!.bytesMax);
    if (number + 1 < this.known.length && overhang > this.known[number + 1].bytes) return false;
    this.known[number].overhang = Math.max(this.known[number].overhang, overhang);
    return true;
  }

  private pass({ result, outcome }: RangeResult, taken: ChunkResult[]): void {
    this.outcomes.set(result.plan, outcome);
    taken.push(result);
  }

  private breakAt(number: number): void {
    this.broken = Math.min(number, this.broken ?? number);
  }

  /** Bytes that the ranges before this one inflate to, all of which are known. */
  private beforeOf(number: number): number {
    if (number === 0) return 0;
    const { before, bytes } = this.known[number - 1];
    return before + bytes;
  }
}

/** Whether a range is what one core gives of it, if it begins where it should. */
function isSound({ result, outcome }: RangeResult): boolean {
  const { range, plan, endOfInput } = result;
  if (range === undefined) return false;
  if (plan.packed!.to === null) return range.fits;
  // Of a chunk that ends within its range, the end of the range need not be met.
  const ends = range.fits || (plan.end !== null && plan.end < plan.packed!.position + plan.packed!.bytesMax);
  return ends && !endOfInput && !outcome.truncated && outcome.damage === null;
}

/**
 * A guessed start whose last record reaches to the end of the file, or to damage behind its range, is most
 * often none: it is asked for again from where the range before it has ended.
 */
function trustedStart(one: RangeResult): RangeResult {
  const { result, outcome } = one;
  const { plan, range, endOfInput } = result;
  const isOdd = endOfInput || outcome.truncated || outcome.damage !== null;
  if (plan.startCertain || plan.packed!.to === null || range?.fits !== true || !isOdd) return one;
  const none = { start: null, cut: null, damage: null, endOfInput: false };
  return { result: { ...result, ...none }, outcome: soundOutcome };
}

function shifted({ end, damage, ...rest }: Outcome, shift: number): Outcome {
  const told = damage?.words === undefined ? damage : damageAt(damage.offset + shift, damage.words);
  return { ...rest, end: end + shift, damage: told };
}
