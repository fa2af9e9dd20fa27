/**
 * Results are kept in memory for so long after they were acknowledged: servers write to their disks every two minutes.
 */
export const recentResultsMs = 180_000;

/** And at most so many bytes of them: a result is some kilobytes, unless somebody asks for 50,000 rows. */
export const recentResultsBytesMax = 64 * 2 ** 20;

export interface RecentResult {
  /** Name of its object. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Results that this master wrote a short while ago: NATS has acknowledged them, and may have lost them again before
 * they were on a disk. Time is passed in, monotonic, in ms.
 */
export class RecentResults {
  private readonly byId = new Map<string, RecentResult & { readonly atMs: number }>();
  private bytes = 0;

  add(id: string, name: string, bytes: Uint8Array, nowMs: number): void {
    this.drop(id);
    this.byId.set(id, { name, bytes, atMs: nowMs });
    this.bytes += bytes.length;
    this.expire(nowMs);
  }

  get(id: string): RecentResult | null {
    return this.byId.get(id) ?? null;
  }

  /** All of them; the oldest go first when there are too many bytes. */
  all(nowMs: number): readonly RecentResult[] {
    this.expire(nowMs);
    return [...this.byId.values()];
  }

  private expire(nowMs: number): void {
    for (const [id, { atMs }] of this.byId) {
      if (nowMs - atMs <= recentResultsMs && this.bytes <= recentResultsBytesMax) return;
      this.drop(id);
    }
  }

  private drop(id: string): void {
    this.bytes -= this.byId.get(id)?.bytes.length ?? 0;
    this.byId.delete(id);
  }
}
