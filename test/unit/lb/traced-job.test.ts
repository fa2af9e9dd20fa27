import { TriremeError } from '../../../src/common/errors.js';
import { traceparentOf } from '../../../src/common/tracing.js';
import type { Hub } from '../../../src/hub/port/hub.js';
import type { JobSink } from '../../../src/hub/port/job-sink.js';
import type { AskedKinds } from '../../../src/lb/asked-kinds.js';
import { JobExemplars } from '../../../src/lb/job-exemplars.js';
import { tracedSink } from '../../../src/lb/traced-job.js';
import { RecordingSink } from '../../support/recording-sink.js';
import { takeSpans, type EndedSpan } from '../../support/span-file.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;
const spans: EndedSpan[] = [];

beforeAll(() => takeSpans((span) => spans.push(span)));
beforeEach(() => {
  spans.length = 0;
});

const port = {
  hub: { workerName: (worker: number) => `w${worker}` } as Hub,
  asked: { calledBy: (_: number, name: string) => name } as unknown as AskedKinds,
};
const sink = new RecordingSink();
const job = (): JobSink => tracedSink(sink, parent, port, 0, 'RESIZE');
const given = (to: JobSink, worker: number, copy: boolean): string => to.given?.(5, worker, copy) as string;
const spanOf = (traceparent: string): string => traceparent.split('-')[2];
const ended = (): unknown[] => spans.map(({ name, error }) => [name, error]);

test('a job whose client does not trace is heard by the sink itself', () => {
  expect(tracedSink(sink, '', port, 0, 'RESIZE')).toBe(sink);
});

test('each try is a span below that of the job, and a copy has a link to the try that it copies', () => {
  const traced = job();
  const first = given(traced, 1, false);
  const copy = given(traced, 2, true);
  expect([first, copy].map((each) => each.split('-')[1])).toEqual([traceId, traceId]);
  traced.done(5, Buffer.from('answer'), 0, 6, 2, 0.1, 1, 0.2);
  expect(sink.answers.get(5)).toBe('answer');
  expect(ended()).toEqual([
    ['try RESIZE', 'another worker was first'],
    ['try RESIZE', undefined],
    ['job RESIZE', undefined],
  ]);
  const [lost, won, whole] = spans;
  expect([lost.span, won.span]).toEqual([spanOf(first), spanOf(copy)]);
  expect(spans.map((span) => span.parent)).toEqual([whole.span, whole.span, 'b7ad6b7169203331']);
  expect([lost.links, won.links]).toEqual([[], [lost.span]]);
  expect(won.attributes).toMatchObject({ 'trireme.worker': 'w2', 'trireme.try': 2, 'trireme.copy': true });
});

test('a try ends when the job is given again, and a job that failed says why', () => {
  const traced = job();
  given(traced, 1, false);
  given(traced, 1, false);
  traced.failed(5, new TriremeError('JOB_FAILED', 'no luck'));
  expect(ended()).toEqual([
    ['try RESIZE', 'its worker was lost, or gave the job back'],
    ['try RESIZE', 'JOB_FAILED: no luck'],
    ['job RESIZE', 'JOB_FAILED: no luck'],
  ]);
  expect(spans[1].links).toEqual([]);
});

test.each([
  [parent, parent],
  [`01-${traceId}-b7ad6b7169203331-00-more`, `00-${traceId}-b7ad6b7169203331-00`],
  [`00-${traceId}-b7ad6b7169203331-01-more`, ''],
  [`00-${traceId}-b7ad6b7169203331-01-`, ''],
  [`ff-${traceId}-b7ad6b7169203331-01`, ''],
  [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, ''],
  [`00-${traceId}-${'0'.repeat(16)}-01`, ''],
  [parent.toUpperCase(), ''],
  [`${parent}\nX=1`, ''],
  [undefined, ''],
])('of the context %j is passed on %j', (sent, passed) => {
  expect(traceparentOf(sent)).toBe(passed);
});

test('the last job of each bucket whose trace is kept is an exemplar, by the context of its own span', () => {
  const exemplars = new JobExemplars(['RESIZE'], () => 1_796_054_327_500);
  const answered = (kind: string, seconds: number): string => {
    const traced = tracedSink(sink, parent, { ...port, exemplars }, 0, kind);
    traced.done(5, Buffer.from(''), 0, 0, 2, 0.1, 1, seconds);
    return spans[spans.length - 1].span;
  };
  answered('RESIZE', 0.0002);
  const span_id = answered('RESIZE', 0.00015);
  exemplars.answered('RESIZE', 0.00016, parent.replace(/01$/, '00'));
  answered('OTHER', 0.00017);
  answered('RESIZE', 1e6);
  const kept = { labelSet: { trace_id: traceId, span_id }, value: 0.00015, timestamp: 1_796_054_327.5 };
  expect(exemplars.of('RESIZE', 2)).toEqual(kept);
  expect([0, 1, 3].map((bucket) => exemplars.of('RESIZE', bucket))).toEqual([undefined, undefined, undefined]);
  expect(exemplars.of('RESIZE', 20)?.value).toBe(1e6);
  expect(exemplars.of('OTHER', 2)).toBeUndefined();
});
