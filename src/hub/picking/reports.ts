/** A kind that a joining worker offers; `secondsPerUnit` as it measured itself, 0 if it did not. */
export interface KindOffered {
  readonly kind: number;
  readonly secondsPerUnit: number;
  /**
   * Jobs have a size, their units: seconds = a + b * units, both learned. Left out: what they cost is in proportion to
   * units.
   */
  readonly sized?: boolean;
}

export interface Joining {
  /** Jobs at a time. */
  readonly slots: number;
  readonly kinds: readonly KindOffered[];
  /** Round trip measured while attaching, if any. */
  readonly roundTripSeconds?: number;
}

/** What a heartbeat says. */
export interface WorkerReport {
  readonly slots: number;
  readonly queued: number;
  readonly draining: boolean;
  readonly backlogElsewhereSeconds: number;
}
