import type { AnalysisRecord } from './types.js';

/** The records that a process knows, in memory, and who watches them. */
export class RecordBook {
  private readonly records = new Map<string, AnalysisRecord>();
  private readonly watchers = new Map<string, Set<(record: AnalysisRecord) => void>>();

  get(id: string): AnalysisRecord | null {
    return this.records.get(id) ?? null;
  }

  set(record: AnalysisRecord): void {
    this.records.set(record.id, record);
    for (const listener of [...(this.watchers.get(record.id) ?? [])]) listener(record);
  }

  drop(id: string): void {
    this.records.delete(id);
  }

  /** Newest first. */
  list(): AnalysisRecord[] {
    return [...this.records.values()].sort(
      (a, b) => b.submittedMs - a.submittedMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    );
  }

  watch(id: string, listener: (record: AnalysisRecord) => void): () => void {
    let listeners = this.watchers.get(id);
    if (listeners === undefined) this.watchers.set(id, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.watchers.get(id) === listeners) this.watchers.delete(id);
    };
  }
}
