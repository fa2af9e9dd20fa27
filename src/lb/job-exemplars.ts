import { bucketBoundsSeconds } from '../hub/jobs/latency-histogram.js';

/** A job whose trace was kept, as OpenMetrics shows it behind a bucket of trireme_lb_job_seconds. */
export interface JobExemplar {
  readonly labelSet: { readonly trace_id: string; readonly span_id: string };
  /** Seconds of the job. */
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** The last job of each bucket whose trace was kept, for each kind that has latencies. */
export class JobExemplars {
  private readonly ofKinds: ReadonlyMap<string, (JobExemplar | undefined)[]>;

  constructor(
    kinds: readonly string[],
    private readonly nowMs: () => number = Date.now,
  ) {
    this.ofKinds = new Map(kinds.map((kind) => [kind, []]));
  }

  /**
   * A traced job was answered.
   * @param traceparent of its span; one that is not sampled leads nowhere and is left out
   */
  answered(kind: string, seconds: number, traceparent: string): void {
    const [, trace_id, span_id, flags] = traceparent.split('-');
    if ((parseInt(flags, 16) & 1) === 0) return;
    const bucket = bucketBoundsSeconds.findIndex((bound) => seconds <= bound);
    const kept = this.ofKinds.get(kind);
    if (kept === undefined) return;
    kept[bucket < 0 ? bucketBoundsSeconds.length : bucket] = {
      labelSet: { trace_id, span_id },
      value: seconds,
      timestamp: this.nowMs() / 1000,
    };
  }

  /** @param bucket the one beyond every bound is the last */
  of(kind: string, bucket: number): JobExemplar | undefined {
    return this.ofKinds.get(kind)?.[bucket];
  }
}
