import type { Metadata } from '@grpc/grpc-js';
import type { TriremeError } from '../common/errors.js';
import { beginSpan, traceparentOf, type TraceSpan } from '../common/tracing.js';
import type { Hub } from '../hub/port/hub.js';
import type { JobSink } from '../hub/port/job-sink.js';
import type { AskedKinds } from './asked-kinds.js';
import type { JobExemplars } from './job-exemplars.js';

/** The trace context of a call, of all its jobs; empty: none. */
export function traceOf(metadata: Metadata): string {
  return traceparentOf(metadata.get('traceparent')[0]);
}

interface TracingPort {
  readonly hub: Pick<Hub, 'workerName'>;
  readonly asked: AskedKinds;
  readonly exemplars?: JobExemplars;
}

/**
 * Who hears the end of a job, with spans on the way where its client traces.
 * @param parent of the client; empty: it does not
 * @param kind, name of the kind, as they were asked for
 */
export function tracedSink(sink: JobSink, parent: string, port: TracingPort, kind: number, name: string): JobSink {
  return parent === '' ? sink : new TracedJob(sink, parent, port.asked.calledBy(kind, name), port);
}

/**
 * Stands between a job of a client that traces and who hears its end: a span for the job, and below it one
 * for each time that a worker is given it. A copy of a job that takes too long has a link to the try that it
 * copies.
 */
class TracedJob implements JobSink {
  readonly urgent?: boolean;
  readonly share?: number;
  readonly explained?: boolean;
  private readonly span: TraceSpan;
  /** By worker; the last one that is no copy is what copies are of. */
  private readonly tries = new Map<number, TraceSpan>();
  private copied = '';
  private begun = 0;

  /** @param parent of the client, not empty */
  constructor(
    private readonly sink: JobSink,
    parent: string,
    private readonly kind: string,
    private readonly port: Omit<TracingPort, 'asked'>,
  ) {
    this.urgent = sink.urgent;
    this.share = sink.share;
    this.explained = sink.explained;
    this.span = beginSpan(`job ${kind}`, parent, {
      kind: 'SERVER',
      attributes: { 'trireme.kind': kind },
    });
  }

  given(tag: number, worker: number, copy: boolean): string {
    // Given again, and no copy: whoever had it is lost, or has given it back.
    if (!copy) this.endTries(undefined, 'its worker was lost, or gave the job back');
    const attributes = {
      'trireme.kind': this.kind,
      'trireme.worker': this.port.hub.workerName(worker),
      'trireme.try': ++this.begun,
      'trireme.copy': copy,
    };
    const link = copy && this.copied !== '' ? this.copied : undefined;
    const span = beginSpan(`try ${this.kind}`, this.span.traceparent, { kind: 'CLIENT', attributes, link });
    if (!copy) this.copied = span.traceparent;
    this.tries.set(worker, span);
    this.sink.given?.(tag, worker, copy);
    return span.traceparent;
  }

  done(...answer: Parameters<JobSink['done']>): void {
    this.endTries(answer[4], 'another worker was first');
    this.span.end();
    this.port.exemplars?.answered(this.kind, answer[7], this.span.traceparent);
    this.sink.done(...answer);
  }

  failed(tag: number, error: TriremeError): void {
    const why = `${error.code}: ${error.message}`;
    this.endTries(undefined, why);
    this.span.end(why);
    this.sink.failed(tag, error);
  }

  /** @param winner number of the worker whose try went well */
  private endTries(winner: number | undefined, others: string): void {
    for (const [worker, span] of this.tries) span.end(worker === winner ? undefined : others);
    this.tries.clear();
  }
}
