/** Entries kept: the newest tell what is wrong now, the log has all. */
export const recentErrorsKept = 50;
/** Characters kept of an entry. */
const textCharactersMax = 300;

/** Something that went wrong, and how often it did so in the same way. */
export interface RecentError {
  /** Milliseconds since 1970, of the newest. */
  readonly atMs: number;
  /**
   * What it is about: a kind of job and the error's code, or the message of a log line. Equal ones are
   * counted together.
   */
  readonly about: string;
  /** The newest in full. */
  readonly text: string;
  readonly count: number;
}

/** The last few sorts of errors of a role, for its page. A flood of one sort is one entry. */
export class RecentErrors {
  private readonly entries = new Map<string, { atMs: number; text: string; count: number }>();

  constructor(private readonly nowMs: () => number = () => Date.now()) {}

  add(about: string, text: string): void {
    let entry = this.entries.get(about);
    if (entry === undefined) {
      if (this.entries.size === recentErrorsKept) this.forgetOldest();
      this.entries.set(about, (entry = { atMs: 0, text: '', count: 0 }));
    }
    entry.atMs = this.nowMs();
    entry.text = text;
    entry.count++;
  }

  /** Newest first. */
  list(): RecentError[] {
    return [...this.entries]
      .map(([about, { atMs, text, count }]) => ({ atMs, about, text: text.slice(0, textCharactersMax), count }))
      .sort((a, b) => b.atMs - a.atMs);
  }

  private forgetOldest(): void {
    let oldest: string | undefined;
    let oldestMs = Infinity;
    for (const [about, { atMs }] of this.entries) {
      if (atMs < oldestMs) [oldest, oldestMs] = [about, atMs];
    }
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}
