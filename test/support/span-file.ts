/**
 * Takes the spans of a process, as an SDK of OpenTelemetry would: `node --require` loads it, and each span
 * that ends is a line of JSON in the file SPANS_FILE.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { trace, type Context, type Span, type SpanOptions, type Tracer, type TracerProvider } from '@opentelemetry/api';

export interface EndedSpan {
  readonly name: string;
  readonly trace: string;
  readonly span: string;
  /** Empty: none. */
  readonly parent: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Spans that it has links to. */
  readonly links: readonly string[];
  readonly error?: string;
}

export function takeSpans(took: (span: EndedSpan) => void): void {
  const tracer: Tracer = {
    startSpan(name: string, { kind = 0, attributes = {}, links = [] }: SpanOptions = {}, context?: Context): Span {
      const parent = context === undefined ? undefined : trace.getSpanContext(context);
      const own = {
        traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
        spanId: randomBytes(8).toString('hex'),
        traceFlags: 1,
      };
      let error: string | undefined;
      const span: Partial<Span> = {
        spanContext: () => own,
        setStatus: ({ message }) => {
          error = message;
          return span as Span;
        },
        end: () =>
          took({
            ...{ name, trace: own.traceId, span: own.spanId, parent: parent?.spanId ?? '', kind },
            ...{ attributes, links: links.map((link) => link.context.spanId), error },
          }),
      };
      return span as Span;
    },
    startActiveSpan: () => {
      throw new Error('nothing here makes spans active');
    },
  };
  const provider: TracerProvider = { getTracer: () => tracer };
  trace.setGlobalTracerProvider(provider);
}

const file = process.env.SPANS_FILE;
if (file !== undefined) takeSpans((span) => appendFileSync(file, `${JSON.stringify(span)}\n`));
