import type * as Otel from '@opentelemetry/api';
import { version } from './version.js';

/**
 * Trace contexts (W3C Trace Context, level 1) and spans. Spans go to whatever has registered itself with
 * `@opentelemetry/api` in this process, such as an SDK that `node --require` loads; where none has, contexts
 * are passed on as they came.
 */

let loaded: typeof Otel | undefined;
/** Loaded with the first job that is traced: all others pay nothing. */
// eslint-disable-next-line @typescript-eslint/no-require-imports
const otel = (): typeof Otel => (loaded ??= require('@opentelemetry/api') as typeof Otel);

/** version, trace id, span id, flags; later versions than 00 may say more behind these. */
const form = /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Characters of a context that is passed on: version 0 has no more. */
const lengthMax = 55;

/**
 * What is passed on of a context that a client has sent; empty: it sent none, or one that is not well-formed,
 * as W3C has it.
 */
export function traceparentOf(sent: unknown): string {
  const match = typeof sent === 'string' ? form.exec(sent) : null;
  return match === null ? '' : `00-${match[1]}-${match[2]}-${match[3]}`.slice(0, lengthMax);
}

/** A part of a trace, from its making until it is ended. */
export interface TraceSpan {
  /** Context for what happens within it. */
  readonly traceparent: string;
  /** Once. @param error why it failed; left out: it did not */
  end(error?: string): void;
}

export interface SpanFacts {
  readonly kind: 'SERVER' | 'CLIENT' | 'INTERNAL' | 'CONSUMER';
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Context of a span that this one repeats; left out: none. */
  readonly link?: string;
}

/** @param parent a context as traceparentOf gives it; empty: what is active in this process, or none */
export function beginSpan(name: string, parent: string, { kind, attributes, link }: SpanFacts): TraceSpan {
  const { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = otel();
  const from = parent === '' ? context.active() : trace.setSpanContext(ROOT_CONTEXT, contextOf(parent));
  const links = link === undefined ? [] : [{ context: contextOf(link) }];
  const tracer = trace.getTracer('trireme', version);
  const span = tracer.startSpan(name, { kind: SpanKind[kind], attributes, links }, from);
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: traceparentOf(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`),
    end: (error) => {
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end();
    },
  };
}

/** Whether something in this process takes spans: then calls of it are traced. */
export function spansAreTaken(): boolean {
  const registered = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')];
  return (registered as { trace?: unknown } | undefined)?.trace !== undefined;
}

function contextOf(traceparent: string): Otel.SpanContext {
  const [, traceId, spanId, flags] = form.exec(traceparent) as RegExpExecArray;
  return { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
}
