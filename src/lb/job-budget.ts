/** Jobs that all clients together may have with the hub at once. The front and JobService share one. */
export class JobBudget {
  private waiting: (() => void)[] = [];
  used = 0;

  constructor(readonly max: number) {}

  get room(): number {
    return Math.max(0, this.max - this.used);
  }

  take(): void {
    this.used++;
  }

  /** A job has ended. Those who wait for room hear it, once. */
  release(): void {
    this.used--;
    if (this.waiting.length > 0 && this.used < this.max) {
      const { waiting } = this;
      this.waiting = [];
      for (const wake of waiting) wake();
    }
  }

  /** Calls back once when there is room again. */
  whenRoom(wake: () => void): void {
    this.waiting.push(wake);
  }
}
