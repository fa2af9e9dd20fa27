/** A job that a worker still has while another one was given it too. */
export interface LentJob {
  readonly kind: number;
  readonly units: number;
  readonly givenAt: number;
  /** When it had been with its worker for too long. */
  readonly overdueAt: number;
  /** Seconds that the copy was charged to the budget. */
  chargedSeconds: number;
  /** It was not the first to have the job. */
  readonly isCopy: boolean;
}
