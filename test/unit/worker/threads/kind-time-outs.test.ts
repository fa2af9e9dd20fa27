import { cancelGraceSeconds } from '../../../../src/kinds/kind.js';
import { ThreadHarness, jobBatch } from '../../../support/thread-harness.js';

const [echo, spin, look] = [201, 204, 205];

let harness: ThreadHarness;
afterEach(() => harness.threads.close());

async function started(slots = 1): Promise<ThreadHarness> {
  harness = new ThreadHarness({ slots });
  await harness.threads.start();
  return harness;
}

/** Resolves once a thread has begun something. */
async function busy(): Promise<void> {
  while (harness.threads.snapshot().busy === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a job that looks whether anybody waits for it', () => {
  test('stops when it is cancelled, and only that one of its batch', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1, 2, 3], look, ['', 'quick', 'quick']));
    await busy();
    threads.cancel(0, [1]);
    const outcomes = await harness.outcomes(0, [1, 2, 3]);
    expect(outcomes.map(({ status }) => status)).toEqual(['NOT_RUN', 'DONE', 'DONE']);
    expect(harness.deaths).toEqual([]);
  });

  test('stops when its deadline passes, though no hub says so', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1], look, [], 0.2));
    const { status, execSeconds } = await harness.outcome(0, 1);
    expect(status).toBe('NOT_RUN');
    expect(execSeconds).toBeGreaterThan(0.1);
    expect(harness.deaths).toEqual([]);
  });

  test('stops when its hub is gone', async () => {
    const { threads } = await started();
    threads.submit(7, jobBatch([1], look));
    await busy();
    threads.forget(7);
    threads.submit(8, jobBatch([2], echo, ['after']));
    expect((await harness.outcome(8, 2)).payload.toString()).toBe('after');
    expect(harness.deaths).toEqual([]);
  });
});

describe('a job that does not look', () => {
  test('fails when the time-out of its kind is over, and its slot is free again', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1], spin, ['spin']));
    threads.submit(0, jobBatch([2], echo, ['behind']));
    const failed = await harness.outcome(0, 1);
    expect(failed.status).toBe('FAILED');
    expect(failed.payload.toString()).toBe(
      'a job of SPIN gave no answer within 0.5 s (timeoutSeconds of its kind), and its thread was ended',
    );
    expect((await harness.outcome(0, 2)).payload.toString()).toBe('behind');
    expect(harness.deaths).toEqual(['a job of SPIN gave no answer within 0.5 s (timeoutSeconds of its kind)']);
  });

  test('leaves no job behind it that was cancelled to be run by the next thread', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1], spin, ['spin']));
    threads.submit(0, jobBatch([2, 3], echo, ['cancelled', 'behind']));
    await busy();
    threads.cancel(0, [2]);
    const outcomes = await harness.outcomes(0, [1, 2, 3]);
    expect(outcomes.map(({ status }) => status)).toEqual(['FAILED', 'NOT_RUN', 'DONE']);
  });

  test('takes no other job of its batch with it', async () => {
    const { threads } = await started();
    const jobs = [0, 1, 2, 3, 4];
    threads.submit(
      0,
      jobBatch(
        jobs,
        spin,
        jobs.map((job) => (job === 2 ? 'spin' : `${job}`)),
      ),
    );
    const outcomes = await harness.outcomes(0, jobs);
    expect(outcomes.map(({ status }) => status)).toEqual(['DONE', 'DONE', 'FAILED', 'DONE', 'DONE']);
    expect([0, 1, 3, 4].map((job) => outcomes[job].payload.toString())).toEqual(['0', '1', '3', '4']);
  });

  test('has its thread ended soon after it is cancelled, and is answered as not run', async () => {
    const { threads } = await started();
    // Of a kind whose time-out is far away.
    threads.submit(0, jobBatch([1], echo, ['spin']));
    // Nothing tells from outside that it has begun, and a job that has not is not run at all.
    await new Promise((resolve) => setTimeout(resolve, 300));
    threads.cancel(0, [1]);
    threads.submit(0, jobBatch([2], echo, ['behind']));
    const { status, payload } = await harness.outcome(0, 1);
    expect(status).toBe('NOT_RUN');
    expect(payload.toString()).toBe(
      `CANCELLED: a job of ECHO did not stop within ${cancelGraceSeconds} s after nobody waited for it any more`,
    );
    expect((await harness.outcome(0, 2)).payload.toString()).toBe('behind');
    expect(harness.threads.snapshot()).toMatchObject({ slots: 1, busy: 0, queued: 0 });
  });

  test('holds up no job of its batch once it is cancelled, though those are waited for', async () => {
    const { threads } = await started();
    threads.submit(0, jobBatch([1, 2, 3], echo, ['spin', 'a', 'b']));
    await new Promise((resolve) => setTimeout(resolve, 300));
    threads.cancel(0, [1]);
    const outcomes = await harness.outcomes(0, [1, 2, 3]);
    expect(outcomes.map(({ status }) => status)).toEqual(['NOT_RUN', 'DONE', 'DONE']);
    expect(harness.deaths).toEqual([expect.stringContaining('did not stop within')]);
  });

  test('is no crash when it is cancelled: the next thread starts at once, however many there were', async () => {
    const { threads } = await started();
    // One whose deadline passes before it begins ends no thread.
    for (let job = 1; harness.restarts.length < 5; job++) {
      threads.submit(0, jobBatch([job], echo, ['spin'], 0.5));
      expect((await harness.outcome(0, job)).status).toBe('NOT_RUN');
    }
    expect(harness.restarts).toEqual([0, 0, 0, 0, 0]);
  });
});
