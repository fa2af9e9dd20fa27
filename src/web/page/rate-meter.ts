/** Time over which the rate is taken: chunks end in bursts. */
const spanMs = 10_000;

/** Bytes a second of something that only grows, over the last ten seconds. */
export class RateMeter {
  private readonly samples: { readonly ms: number; readonly value: number }[] = [];

  constructor(startedMs: number) {
    this.samples.push({ ms: startedMs, value: 0 });
  }

  add(ms: number, value: number): void {
    const last = this.samples[this.samples.length - 1];
    if (ms <= last.ms) return;
    this.samples.push({ ms, value });
    // One sample older than the span stays: the rate goes from there.
    while (this.samples.length > 2 && this.samples[1].ms < ms - spanMs) this.samples.shift();
  }

  get perSecond(): number {
    const first = this.samples[0];
    const last = this.samples[this.samples.length - 1];
    return last.ms === first.ms ? 0 : Math.max(0, (last.value - first.value) / ((last.ms - first.ms) / 1000));
  }
}
