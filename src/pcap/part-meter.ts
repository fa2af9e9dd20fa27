import type { Kernel } from './kernel.js';
import { cells, sizesRows } from './partial-layout.js';
import { addWide, includeTimes } from './partial-reader.js';
import { fileTimes } from './report.js';
import { toldStatistics, type ToldStatistics } from './report-facts.js';

const noFirst = 0x7fff_ffff_ffff_ffffn;
const noLast = -0x8000_0000_0000_0000n;

/** Cells that hold times, which are extremes and no sums: from the first to the end of the wide ones. */
const timeCells = [
  cells.firstNs,
  cells.lastNs,
  cells.widePackets,
  cells.wideFirstHigh,
  cells.wideFirstLow,
  cells.wideLastHigh,
  cells.wideLastLow,
] as const;

/** What one file added to a kernel that counts several. */
export interface PartSums {
  readonly packets: number;
  readonly capturedBytes: number;
  /** ns since 1970 in decimal; null: no packet has a time. */
  readonly firstNs: string | null;
  readonly lastNs: string | null;
  readonly sections: number;
  readonly interfaces: number;
  readonly zeroRecords: number;
  /** No packet of it has an earlier time than one that stands before it. */
  readonly inOrder: boolean;
  /** What interface statistics told; null: nothing. */
  readonly statistics: ToldStatistics | null;
}

/** Tells apart what each file adds to one kernel, without a table of its own for each. */
export class PartMeter {
  private before = { packets: 0, capturedBytes: 0, sections: 0, interfaces: 0, zeroRecords: 0 };
  /** The times of the files before, which are not in the kernel while a file is measured. */
  private readonly times = new Map<number, bigint>();

  constructor(private readonly kernel: Kernel) {}

  /** A file begins. */
  begin(): void {
    const { kernel } = this;
    kernel.call((exports) => exports.foldActivity());
    this.before = this.sums();
    for (const number of timeCells) this.times.set(number, kernel.cell(number));
    this.kernel.setCell(cells.firstNs, noFirst);
    this.kernel.setCell(cells.lastNs, noLast);
    this.kernel.setCell(cells.widePackets, 0n);
    this.kernel.setCell(cells.disorder, 0n);
    kernel.exports.clearStatistics();
    kernel.exports.restartActivity();
  }

  /** It has ended: what it added. The kernel then holds the times of all files again. */
  end(): PartSums {
    const { before, kernel } = this;
    const after = this.sums();
    const [firstNs, lastNs] = fileTimes(kernel);
    const inOrder = kernel.cell(cells.disorder) === 0n;
    const statistics = toldStatistics(kernel);
    kernel.call((exports) => exports.foldActivity());
    const held = (number: number): bigint => this.times.get(number) ?? 0n;
    includeTimes(kernel, BigInt.asIntN(64, held(cells.firstNs)), BigInt.asIntN(64, held(cells.lastNs)));
    addWide(kernel, held);
    this.kernel.setCell(cells.widePackets, kernel.cell(cells.widePackets) + held(cells.widePackets));
    kernel.exports.restartActivity();
    return {
      packets: after.packets - before.packets,
      capturedBytes: after.capturedBytes - before.capturedBytes,
      firstNs,
      lastNs,
      sections: after.sections - before.sections,
      interfaces: after.interfaces - before.interfaces,
      zeroRecords: after.zeroRecords - before.zeroRecords,
      inOrder,
      statistics,
    };
  }

  /** What it has added so far, and what `look` finds while the kernel holds the times of all files; it goes on. */
  soFar<T>(look: () => T): { readonly sums: PartSums; readonly found: T } {
    const own = timeCells.map((number) => this.kernel.cell(number));
    const sums = this.end();
    const found = look();
    for (const [i, number] of timeCells.entries()) this.kernel.setCell(number, own[i]);
    return { sums, found };
  }

  /** Every packet is in one row of the sizes, so their sum is the number of packets. */
  private sums(): typeof this.before {
    const { view, exports } = this.kernel;
    const sizes = exports.SIZES.value;
    const totals = exports.TOTALS.value;
    let packets = 0;
    for (let row = 0; row < sizesRows; row++) packets += number64(view, sizes + 8 * row);
    const of = (cell: number): number => number64(view, totals + 8 * cell);
    return {
      packets,
      capturedBytes: of(cells.capturedBytes),
      sections: of(cells.sections),
      interfaces: of(cells.interfaces),
      zeroRecords: of(cells.zeroRecords),
    };
  }
}

/** Exact up to 2^53, which the bytes of no files on one machine pass: each counted byte lies in one of them. */
function number64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
