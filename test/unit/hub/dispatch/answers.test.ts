import { pino } from 'pino';
import { JobStatus } from '../../../../src/gen/trireme/v1/worker.js';
import { createHub } from '../../../../src/hub/hub.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

/** A hub with one worker that has one job, tag 1, whose client waits so long for it. */
function oneJob(timeoutSeconds: number) {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), {}, time);
  const sink = new RecordingSink();
  const worker = new ScriptedWorker(hub);
  hub.submit(1, 1, null, timeoutSeconds, noWorker, sink, 1);
  time.endTurn();
  expect(worker.jobs).toHaveLength(1);
  return { time, hub, sink, worker };
}

describe('a job that comes back unrun', () => {
  test('less than a quarter of a second before its deadline is past it: the clock of its worker is ahead', () => {
    const { time, sink, worker } = oneJob(1);
    time.advance(0.76);
    worker.giveBack();
    expect(sink.errors.get(1)).toBe('DEADLINE_PASSED');
  });

  test('earlier than that waits for another worker', () => {
    const { time, sink, worker, hub } = oneJob(1);
    time.advance(0.74);
    worker.giveBack();
    expect(sink.errors.size).toBe(0);
    expect(hub.jobsWaiting).toBe(1);
  });
});

test('of the reason of a worker 500 bytes are passed on', () => {
  const { sink, worker } = oneJob(1);
  const failed = jest.spyOn(sink, 'failed');
  const payloads = Buffer.alloc(2000, 'x');
  worker.answer(worker.jobs, { status: [JobStatus.FAILED], payloadSize: [2000], payloads });
  expect(failed.mock.calls[0][1].message).toContain('x'.repeat(500));
  expect(failed.mock.calls[0][1].message).not.toContain('x'.repeat(501));
});
