import { refuseNames, takeCount, takeLike, takeList, takeText } from './invalid-names.js';

/** What a row of such a table has beside its own figures. */
export interface TopRow {
  /** What it is ranked by. */
  weight: number;
  /** What it may have had at most before it was taken in. */
  before: number;
}

export const noCount = (): TopRow => ({ weight: 0, before: 0 });

/**
 * Rows kept: 65,536 to twice as many names of usual length are 15 to 30 MB. What is in no row has then been
 * met at most once in 65,536 times.
 */
export const rowsKept = 65_536;

/**
 * The rows with the largest weights among any number of keys, in bounded memory. When twice as many rows are
 * there as are kept, the smaller half goes; a key that comes again begins anew, and its row says what it may
 * have had before (Metwally and others 2005, "Space-Saving", in batches). So no key weighs more than its
 * weight and `before` together, none that has no row more than `floor`, and as long as nothing has gone all
 * is exact.
 */
export class TopTable<Row extends TopRow> {
  private rows = new Map<string, Row>();
  /** The most that a key without a row may weigh. */
  floor = 0;

  constructor(
    private readonly empty: () => Row,
    private readonly kept = rowsKept,
  ) {}

  get size(): number {
    return this.rows.size;
  }

  /** The row of a key, which is made when it is not there. Its weight is then to be raised before the next call. */
  row(key: string): Row {
    const found = this.rows.get(key);
    if (found !== undefined) return found;
    if (this.rows.size >= 2 * this.kept) this.halve();
    const row = this.empty();
    row.before = this.floor;
    this.rows.set(key, row);
    return row;
  }

  /** The row of a key, where it has one. */
  find(key: string): Row | undefined {
    return this.rows.get(key);
  }

  /** All rows, in the order in which they were taken in. */
  entries(): IterableIterator<[string, Row]> {
    return this.rows.entries();
  }

  /** The first rows by weight, then by key. */
  top(count: number): [key: string, row: Row][] {
    const most =
      this.rows.size > count
        ? nth(
            this.weights((row) => row.weight),
            count,
          )
        : 0;
    const rows = [...this.rows].filter(([, row]) => row.weight >= most);
    rows.sort(([x, { weight: a }], [y, { weight: b }]) => b - a || (x < y ? -1 : 1));
    return rows.slice(0, count);
  }

  private weights(of: (row: Row) => number): Float64Array {
    const weights = new Float64Array(this.rows.size);
    let i = 0;
    for (const row of this.rows.values()) weights[i++] = of(row);
    return weights;
  }

  /** Of rows that weigh alike the latest ones are kept. */
  private halve(): void {
    const weights = this.weights((row) => row.weight + row.before);
    const least = nth(weights, this.kept);
    let tiesToGo = -this.kept;
    for (const weight of weights) if (weight >= least) tiesToGo++;
    const rows = new Map<string, Row>();
    for (const [key, row] of this.rows) {
      const weight = row.weight + row.before;
      if (weight < least || (weight === least && tiesToGo-- > 0)) this.floor = Math.max(this.floor, weight);
      else rows.set(key, row);
    }
    this.rows = rows;
  }

  state(): unknown {
    return { floor: this.floor, rows: [...this.rows] };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const { floor, rows } = (state ?? {}) as { floor?: unknown; rows?: unknown };
    this.floor = takeCount(floor);
    const sample = this.empty();
    const taken = takeList(rows).map((row): [string, Row] => {
      const [key, figures] = takeList(row);
      return [takeText(key), takeLike(sample, figures)];
    });
    if (taken.length > 2 * this.kept) refuseNames('the number of rows');
    this.rows = new Map(taken);
  }
}

/** The weight of place `count` (from 1) among all, the largest first. */
function nth(weights: Float64Array, count: number): number {
  return weights.sort()[weights.length - count];
}
