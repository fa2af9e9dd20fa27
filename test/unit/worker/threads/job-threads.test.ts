import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriremeError } from '../../../../src/common/errors.js';
import { HandStream, ThreadHarness, jobBatch } from '../../../support/thread-harness.js';

const echo = 201;
const reader = 202;
const later = 203;
const sequence = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);
const sha256 = (...parts: Uint8Array[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

let harness: ThreadHarness;
afterEach(() => harness.threads.close());

async function started(options: ConstructorParameters<typeof ThreadHarness>[0] = {}): Promise<ThreadHarness> {
  harness = new ThreadHarness(options);
  await harness.threads.start();
  return harness;
}

/** Threads whose READER jobs read from streams that the test feeds, in the order in which the jobs begin. */
async function withStreams(slots: number): Promise<{ streams: HandStream[]; begun: (count: number) => Promise<void> }> {
  const streams: HandStream[] = [];
  let onBegun = (): void => undefined;
  await started({
    slots,
    openSource: async () => {
      const stream = new HandStream();
      streams.push(stream);
      onBegun();
      return { type: 'stream', bytes: stream };
    },
  });
  const begun = async (count: number): Promise<void> => {
    while (streams.length < count) await new Promise<void>((resolve) => (onBegun = resolve));
  };
  return { streams, begun };
}

describe('jobs', () => {
  test('are all answered, each with its own payload, through several threads', async () => {
    const { threads } = await started({ slots: 3 });
    const jobs = sequence(5000);
    for (let at = 0; at < 5000; at += 100) {
      const part = jobs.slice(at, at + 100);
      threads.submit(
        0,
        jobBatch(
          part,
          echo,
          part.map((job) => `payload ${job}`),
        ),
      );
    }
    const outcomes = await harness.outcomes(0, jobs);
    outcomes.forEach(({ status, payload, execSeconds, heldSeconds }, job) => {
      expect(status).toBe('DONE');
      expect(payload.toString()).toBe(`payload ${job}`);
      expect(execSeconds).toBeGreaterThan(0);
      expect(heldSeconds).toBeGreaterThan(0);
    });
    expect(threads.snapshot()).toEqual({ slots: 3, busy: 0, queued: 0, backlogSeconds: 0 });
  });

  test('that wait together run together and share the measured time', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    harness.threads.submit(
      0,
      jobBatch(
        sequence(10, 10),
        echo,
        sequence(10).map(() => 'count'),
      ),
    );
    streams[0].push(null);
    const outcomes = await harness.outcomes(0, sequence(10, 10));
    for (const { payload, execSeconds } of outcomes) {
      expect(payload.toString()).toBe('10');
      expect(execSeconds).toBe(outcomes[0].execSeconds);
    }
  });

  test('may need the event loop of their thread', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1, 2], later));
    for (const { payload } of await harness.outcomes(0, [1, 2])) expect(payload.toString()).toBe('later');
    threads.submit(0, jobBatch([3], later, ['throw']));
    expect(await harness.outcome(0, 3)).toMatchObject({ status: 'FAILED', payload: Buffer.from('thrown later') });
  });

  test('with payloads or answers too large for shared memory arrive whole, and large results come alone', async () => {
    const { threads } = await started();
    const large = 'y'.repeat(300_000);
    threads.submit(0, jobBatch([1, 2, 3, 4, 5], echo, ['a', large, 'large 400000', 'large 1000000', 'b']));
    const outcomes = await harness.outcomes(0, [1, 2, 3, 4, 5]);
    expect(outcomes.map(({ payload }) => payload.length)).toEqual([1, 300_000, 400_000, 1_000_000, 1]);
    expect(outcomes[1].payload.toString()).toBe(large);
    const alone = harness.reports.filter(({ results }) => results.payloads.length > 65_536);
    expect(alone.map(({ results }) => results.job)).toEqual([[2], [3], [4]]);
  });

  test('that are urgent begin before those that wait, eight batches in a row at most', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    // Jobs that read from streams run one at a time, so each is a batch, and streams are opened in their order.
    const ordinary = sequence(2, 10);
    const urgent = sequence(10, 20);
    harness.threads.submit(0, jobBatch(ordinary, reader, ordinary.map(String)));
    const flags = urgent.map(() => true);
    harness.threads.submit(0, jobBatch(urgent, reader, urgent.map(String), 0, flags));
    const order: number[] = [];
    const all = [...ordinary, ...urgent];
    const ended = all.map((job) => harness.outcome(0, job).then(() => order.push(job)));
    for (let stream = 0; stream <= all.length; stream++) {
      await begun(stream + 1);
      streams[stream].push(null);
    }
    await Promise.all(ended);
    expect(order).toEqual([...urgent.slice(0, 8), 10, ...urgent.slice(8), 11]);
  });

  test('of a kind that is not there are not run', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1], 99));
    const { status, payload } = await harness.outcome(0, 1);
    expect([status, payload.toString()]).toEqual(['NOT_RUN', 'UNKNOWN_JOB: this worker has no kind 99']);
  });

  test('over the bound of held jobs are not run', async () => {
    const { threads } = await started({ jobsHeldMax: 5 });
    threads.submit(0, jobBatch(sequence(8), echo));
    const statuses = (await harness.outcomes(0, sequence(8))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 'DONE')).toHaveLength(5);
    expect(statuses.filter((status) => status === 'NOT_RUN')).toHaveLength(3);
  });

  test('are reported from a later turn, never from within submit', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1], 99));
    expect(harness.reports).toHaveLength(0);
    await harness.outcome(0, 1);
  });

  test('past their deadline before they begin are not run, the others are', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    // A nanosecond has passed by the time the only slot is free.
    harness.threads.submit(0, jobBatch([2, 3], echo, ['a', 'b'], 1e-9));
    harness.threads.submit(0, jobBatch([4], echo, ['c'], 1000));
    streams[0].push(null);
    expect((await harness.outcomes(0, [2, 3, 4])).map(({ status }) => status)).toEqual(['NOT_RUN', 'NOT_RUN', 'DONE']);
    expect((await harness.outcome(0, 2)).payload.toString()).toBe('DEADLINE_PASSED: before it began');
  });
});

describe('failures', () => {
  test('a kind that throws fails its job with the reason, and the thread lives on', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1], echo, ['throw']));
    expect(await harness.outcome(0, 1)).toMatchObject({ status: 'FAILED', payload: Buffer.from('told to throw') });
    threads.submit(0, jobBatch([2], echo, ['elsewhere']));
    expect(await harness.outcome(0, 2)).toMatchObject({ status: 'NOT_RUN' });
    threads.submit(0, jobBatch([3], echo, ['fine']));
    expect((await harness.outcome(0, 3)).payload.toString()).toBe('fine');
    expect(harness.deaths).toEqual([]);
  });

  test('a job that kills its thread fails alone; those beside and behind it are answered by the next thread', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([100], reader, ['1']));
    await begun(1);
    const jobs = sequence(20);
    harness.threads.submit(
      0,
      jobBatch(
        jobs,
        echo,
        jobs.map((job) => (job === 7 ? 'die' : `${job}`)),
      ),
    );
    streams[0].push(null);
    const outcomes = await harness.outcomes(0, jobs);
    outcomes.forEach(({ status, payload }, job) => {
      expect([job, status]).toEqual([job, job === 7 ? 'FAILED' : 'DONE']);
      expect(payload.toString()).toBe(job === 7 ? 'its thread died: it ended with exit code 3' : `${job}`);
    });
    expect(harness.deaths).toHaveLength(2);
  });

  test('a job that a thread had when it died is not given back when it is asked back: it would kill the next', async () => {
    const { streams, begun } = await withStreams(1);
    const { threads, deaths } = harness;
    threads.submit(0, jobBatch([100], reader, ['1']));
    await begun(1);
    threads.submit(0, jobBatch([1, 2, 3], echo, ['one', 'die', 'three']));
    streams[0].push(null);
    while (deaths.length === 0) await new Promise(setImmediate);
    threads.submit(0, jobBatch([4], echo, ['four']));
    threads.recall(0, [1, 2, 3, 4]);
    const outcomes = await harness.outcomes(0, [1, 2, 3, 4]);
    expect(outcomes.map(({ status }) => status)).toEqual(['DONE', 'FAILED', 'DONE', 'NOT_RUN']);
  });

  test('threads that cannot start reject with the reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trireme-kinds-'));
    writeFileSync(
      join(folder, 'bad.kind.js'),
      `exports.kind = { number: 1, name: 'BAD', clientMay: true, run() {}, calibrate() { throw new Error('no clock'); } };`,
    );
    harness = new ThreadHarness({ kindsFolder: folder, slots: 2 });
    await expect(harness.threads.start()).rejects.toThrow('a job thread cannot start: no clock');
    rmSync(folder, { recursive: true });
  });
});

describe('cancelling', () => {
  test('takes queued jobs out and stops a running job with a source', async () => {
    const { streams, begun } = await withStreams(1);
    const { threads } = harness;
    threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    threads.submit(0, jobBatch([2, 3, 4], echo, ['a', 'b', 'c']));
    threads.cancel(0, [3, 77]);
    expect((await harness.outcome(0, 3)).status).toBe('NOT_RUN');
    threads.cancel(0, [1]);
    expect((await harness.outcome(0, 1)).status).toBe('NOT_RUN');
    expect((await harness.outcomes(0, [2, 4])).map(({ status }) => status)).toEqual(['DONE', 'DONE']);
    streams[0].push(Buffer.from('nobody reads this'));
    while (!streams[0].returned) await new Promise(setImmediate);
  });

  test('is not recalling: what has begun runs on, what has not comes back at once', async () => {
    const { streams, begun } = await withStreams(1);
    const { threads } = harness;
    threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    threads.submit(0, jobBatch([2, 3], echo, ['a', 'b']));
    threads.submit(1, jobBatch([2], echo, ['c']));
    threads.recall(0, [1, 2, 77]);
    expect((await harness.outcome(0, 2)).status).toBe('NOT_RUN');
    streams[0].push(null);
    expect((await harness.outcome(0, 1)).status).toBe('DONE');
    expect((await harness.outcome(0, 3)).status).toBe('DONE');
    expect((await harness.outcome(1, 2)).status).toBe('DONE');
  });

  test('answers at once while the source is still being opened, and frees the slot', async () => {
    let aborted = false;
    await started({
      openSource: (_hub, _kind, _payload, signal) =>
        new Promise(() => signal.addEventListener('abort', () => (aborted = true))),
    });
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    harness.threads.submit(0, jobBatch([2], echo, ['a']));
    harness.threads.cancel(0, [1]);
    expect((await harness.outcomes(0, [1, 2])).map(({ status }) => status)).toEqual(['NOT_RUN', 'DONE']);
    expect(aborted).toBe(true);
  });

  test('a hub that is forgotten hears nothing, and the others go on', async () => {
    const { begun } = await withStreams(1);
    const { threads } = harness;
    threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    threads.submit(0, jobBatch([2], echo, ['a']));
    threads.submit(5, jobBatch([2], echo, ['b']));
    threads.forget(0);
    expect((await harness.outcome(5, 2)).payload.toString()).toBe('b');
    expect(harness.reports.map(({ hub }) => hub)).toEqual([5]);
    expect(threads.snapshot()).toMatchObject({ busy: 0, queued: 0, backlogSeconds: 0 });
  });
});

describe('sources', () => {
  const parts = Array.from({ length: 40 }, (_, index) => Buffer.alloc(300_000 + index, index));

  test('a stream larger than the ring arrives whole', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    streams[0].push(...parts, null);
    expect((await harness.outcome(0, 1)).payload.toString('hex')).toBe(sha256(...parts));
  });

  test('a stream whose job was cancelled, and that goes on, does not reach the bytes of the next one', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1, 2], reader, ['first', 'second']));
    await begun(1);
    // More than the ring holds: its sender waits for room when the job is cancelled.
    streams[0].push(Buffer.alloc(5_000_000, 1), Buffer.alloc(1_000_000, 2));
    harness.threads.cancel(0, [1]);
    await begun(2);
    streams[0].push(Buffer.alloc(1_000_000, 3), null);
    const own = Buffer.from('the bytes of the second');
    streams[1].push(own, null);
    const { status, payload } = await harness.outcome(0, 2);
    expect([status, payload.toString('hex')]).toEqual(['DONE', sha256(own)]);
  });

  test('a file is read by the thread', async () => {
    await started({ openSource: async () => ({ type: 'file', path: __filename }) });
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    expect((await harness.outcome(0, 1)).status).toBe('DONE');
  });

  test('that cannot be opened fail the job, or leave it to others when asking again can help', async () => {
    const errors = [new TriremeError('PATH_REFUSED', 'not under it'), new TriremeError('UNREACHABLE', 'no answer')];
    await started({ openSource: () => Promise.reject(errors.shift()) });
    harness.threads.submit(0, jobBatch([1, 2], reader, ['1', '1']));
    const [first, second] = await harness.outcomes(0, [1, 2]);
    expect([first.status, first.payload.toString()]).toEqual(['FAILED', 'PATH_REFUSED: not under it']);
    expect([second.status, second.payload.toString()]).toEqual(['NOT_RUN', 'UNREACHABLE: no answer']);
  });

  test('a stream that breaks leaves the job to others', async () => {
    const { streams, begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    streams[0].push(parts[0], new TriremeError('UNREACHABLE', 'the sender is gone'));
    const { status, payload } = await harness.outcome(0, 1);
    expect([status, payload.toString()]).toEqual(['NOT_RUN', 'the sender is gone']);
  });

  test('a long job keeps one slot and delays nothing on the others', async () => {
    const { streams, begun } = await withStreams(2);
    harness.threads.submit(0, jobBatch([1], reader, ['1000']));
    await begun(1);
    harness.threads.submit(0, jobBatch(sequence(100, 10), echo, sequence(100).map(String)));
    await harness.outcomes(0, sequence(100, 10));
    // Half a second a byte was calibrated and 1,000 were announced.
    expect(harness.threads.backlogSeconds(0)).toBe(500);
    expect(harness.threads.snapshot()).toMatchObject({ slots: 2, busy: 1, queued: 0 });
    streams[0].push(null);
    await harness.outcome(0, 1);
  });
});

describe('several hubs', () => {
  test('take turns: a hub with one job does not wait for all jobs of another', async () => {
    const { streams, begun } = await withStreams(1);
    const { threads } = harness;
    threads.submit(0, jobBatch([1], reader, ['1']));
    await begun(1);
    for (let at = 0; at < 20_000; at += 1000) threads.submit(0, jobBatch(sequence(1000, 10 + at), echo));
    threads.submit(1, jobBatch([1], echo, ['mine']));
    streams[0].push(null);
    await harness.outcome(1, 1);
    const before = harness.reports.slice(
      0,
      harness.reports.findIndex(({ hub }) => hub === 1),
    );
    const jobsBefore = before.reduce((sum, { results }) => sum + results.job.length, 0);
    expect(jobsBefore).toBeLessThan(10_000);
    await harness.outcomes(0, sequence(20_000, 10));
  });
});

describe('ending', () => {
  test('drain answers what is held and runs nothing new; a second call joins the first', async () => {
    const { threads } = await started({ slots: 2 });
    threads.submit(0, jobBatch(sequence(1000), echo));
    const drained = threads.drain();
    expect(threads.drain()).toBe(drained);
    threads.submit(0, jobBatch([5000], echo));
    await drained;
    const answered = harness.reports.reduce((sum, { results }) => sum + results.job.length, 0);
    expect(answered).toBe(1001);
    expect((await harness.outcome(0, 5000)).payload.toString()).toBe('DRAINING: this worker takes no new jobs');
  });

  test('drain of idle threads resolves', async () => {
    const { threads } = await started();
    await threads.drain();
    expect(threads.snapshot().busy).toBe(0);
  });

  test('close answers what is running and queued with "not run"', async () => {
    const { begun } = await withStreams(1);
    harness.threads.submit(0, jobBatch([1, 2], reader, ['1', '1']));
    await begun(1);
    harness.threads.submit(0, jobBatch([3], echo));
    await harness.threads.close();
    expect((await harness.outcomes(0, [1, 2, 3])).map(({ status }) => status)).toEqual([
      'NOT_RUN',
      'NOT_RUN',
      'NOT_RUN',
    ]);
  });
});
