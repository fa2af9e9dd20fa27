import type { Evidence } from '../port/snapshot.js';

/** Workers remembered: a worker lies once to stand here, and each took three others' work to find. */
const workersMax = 4096;

/**
 * Workers that were found lying, by the id of their process: who dials again is still quarantined, who is started anew
 * is not.
 */
export class Quarantine {
  private readonly entries = new Map<string, { readonly evidence: Evidence; readonly untilMs: number }>();
  /** Workers put here since the start. */
  count = 0;

  /** @param ms how long each stays; Infinity: as long as its process runs, and this one */
  constructor(private readonly ms: number) {}

  add(workerId: string, evidence: Evidence): void {
    this.count++;
    const oldest = this.entries.keys().next();
    if (this.entries.size >= workersMax && oldest.done !== true) this.entries.delete(oldest.value);
    this.entries.set(workerId, { evidence, untilMs: evidence.atMs + this.ms });
  }

  /** Why this worker may have no job now, or null. */
  evidenceOf(workerId: string, nowMs: number): Evidence | null {
    const entry = this.entries.get(workerId);
    if (entry === undefined) return null;
    if (nowMs < entry.untilMs) return entry.evidence;
    this.entries.delete(workerId);
    return null;
  }
}
