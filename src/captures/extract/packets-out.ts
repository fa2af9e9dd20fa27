/** A file that several threads write to, each at its place. It is empty at first. */
export interface PlacedOut {
  readonly fd: number;
  /** What is told where the system refuses to write: an error with the code that Node gives it. */
  failure(error: unknown): Error;
}

/** Where packets that are taken out of a capture go. */
export interface PacketsOut {
  /** Gets them in order. The bytes may be overwritten once this returns, or once its promise is kept. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** A file that may be written to in any order in place of `write`; undefined: in order only. */
  readonly placed?: PlacedOut;
}

/**
 * Bytes that are gathered for a file before they are written. A file system gives one write larger pieces of
 * memory than many small ones: 1 MiB takes ext4 0.6 of the time that it takes in writes of 90 KiB (Linux
 * 6.18).
 */
export const gatherBytes = 1024 * 1024;

/**
 * Writes to an output without waiting, for who is called back and cannot wait: it is waited for later, before
 * more is made.
 */
export class PendingWrites {
  private pending: Promise<void> | undefined;

  constructor(private readonly out: PacketsOut) {}

  /** Something was not taken at once. */
  get any(): boolean {
    return this.pending !== undefined;
  }

  readonly write = (bytes: Uint8Array): void => {
    const written = this.out.write(bytes);
    if (written === undefined) return;
    const before = this.pending;
    this.pending = before === undefined ? written : Promise.all([before, written]).then(() => undefined);
  };

  /** Resolves once all is taken. */
  readonly settle = async (): Promise<void> => {
    const wait = this.pending;
    this.pending = undefined;
    await wait;
  };
}
