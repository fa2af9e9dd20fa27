/** Says which jobs are audited: a share of all, at places that cannot be foreseen without the random numbers. */
export class AuditSample {
  private passed: number;

  /** @param share above 0, at most 1 */
  constructor(
    private readonly share: number,
    private readonly random: () => number,
  ) {
    this.passed = this.skip();
  }

  /** Whether this job is one. */
  due(): boolean {
    if (this.passed-- > 0) return false;
    this.passed = this.skip();
    return true;
  }

  /** Jobs between two that are audited: drawn once for all of them, since a number for each job costs more. */
  private skip(): number {
    return this.share >= 1 ? 0 : Math.floor(Math.log(1 - this.random()) / Math.log(1 - this.share));
  }
}
