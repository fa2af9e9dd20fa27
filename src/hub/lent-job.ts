/** A job that a worker still has while another one was given it too. */
export interface LentJob {
  readonly kind: number;
  readonly units: number;
  readonly givenAt: number;
}
