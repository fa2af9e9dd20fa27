import { pickWait, type Picker, type PickerReport, type PickerWorker } from './picker.js';

interface Row {
  slots: number;
  open: boolean;
  outstanding: number;
  readonly costs: Map<number, number>;
  backlog: number;
}

/** Stand-in until src/hub/picking is here: the least backlog for each slot, two jobs a slot. */
export class SimplePicker implements Picker {
  private readonly rows: (Row | null)[] = [];

  addWorker(worker: PickerWorker): number {
    const free = this.rows.indexOf(null);
    const index = free === -1 ? this.rows.length : free;
    this.rows[index] = {
      slots: worker.slots,
      open: true,
      outstanding: 0,
      costs: new Map(worker.secondsPerUnit),
      backlog: 0,
    };
    return index;
  }

  removeWorker(worker: number): void {
    this.rows[worker] = null;
  }

  report(worker: number, report: PickerReport): void {
    const row = this.rows[worker];
    if (row == null) return;
    row.slots = report.slots;
    row.open = report.open;
  }

  pick(kind: number, units: number, _now: number, avoid: number): number {
    let best = pickWait;
    let bestScore = Infinity;
    for (let index = 0; index < this.rows.length; index++) {
      const row = this.rows[index];
      if (row === null || !row.open || index === avoid) continue;
      const cost = row.costs.get(kind);
      if (cost === undefined) continue;
      if (row.outstanding >= row.slots && row.backlog > row.slots * 0.002) continue;
      const score = row.backlog / row.slots + cost * units;
      if (score < bestScore) {
        best = index;
        bestScore = score;
      }
    }
    return best;
  }

  dispatched(worker: number, kind: number, units: number): void {
    const row = this.rows[worker] as Row;
    row.outstanding++;
    row.backlog += (row.costs.get(kind) ?? 0) * units;
  }

  ended(worker: number, kind: number, units: number): void {
    const row = this.rows[worker] as Row;
    row.outstanding--;
    row.backlog = row.outstanding === 0 ? 0 : row.backlog - (row.costs.get(kind) ?? 0) * units;
  }

  backlogSeconds(worker: number): number {
    return this.rows[worker]?.backlog ?? 0;
  }

  windowSeconds(): number {
    return 0.002;
  }

  roundTripSeconds(): number {
    return 0;
  }

  secondsPerUnit(worker: number, kind: number): number {
    return this.rows[worker]?.costs.get(kind) ?? 0;
  }
}
