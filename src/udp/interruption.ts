import { TriremeError } from '../common/errors.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns a signal into a question that the work asks between its steps, so that what was begun can be undone. Signals
 * during the undoing are ignored: it is short, and half of it would be worse than none.
 */
export class Interruption {
  private readonly wakers = new Set<() => void>();
  private signal: NodeJS.Signals | undefined;
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.signal ??= signal;
    for (const wake of this.wakers) wake();
  };

  constructor() {
    for (const signal of signals) process.on(signal, this.onSignal);
  }

  get happened(): boolean {
    return this.signal !== undefined;
  }

  /** Between two steps: fails with CANCELLED once a signal has come. */
  check(): void {
    if (this.signal !== undefined)
      throw new TriremeError('CANCELLED', `stopped by ${this.signal}, nothing is left behind`);
  }

  /** Waits so long, or until a signal. */
  async sleep(ms: number): Promise<void> {
    if (this.happened) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.wakers.add(wake);
    });
  }

  /** Calls back at the first signal. */
  onHappen(wake: () => void): void {
    if (this.happened) wake();
    else this.wakers.add(wake);
  }

  end(): void {
    for (const signal of signals) process.removeListener(signal, this.onSignal);
  }
}
