/**
 * Those who have not shown yet who they are or what they want, bounded in number. A newcomer always gets in, and the
 * oldest goes for it: so nobody can keep the others out by holding what an honest caller needs for a moment.
 */
export class Newcomers<T> {
  /** In the order in which they came. */
  private readonly waiting = new Set<T>();

  /** @param dismiss closes the oldest, which is no longer counted */
  constructor(
    private readonly max: number,
    private readonly dismiss: (oldest: T) => void,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  add(one: T): void {
    if (this.waiting.size >= this.max) {
      const [oldest] = this.waiting;
      this.waiting.delete(oldest);
      this.dismiss(oldest);
    }
    this.waiting.add(one);
  }

  /** @returns whether it was among them */
  delete(one: T): boolean {
    return this.waiting.delete(one);
  }

  clear(): void {
    this.waiting.clear();
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.waiting.values();
  }
}
