import { Metadata, status, type ServerDuplexStream } from '@grpc/grpc-js';
import { EventEmitter } from 'node:events';
import { messageRoomBytes } from '../../../src/common/limits.js';
import { RunJobsRequest, RunJobsResponse } from '../../../src/gen/trireme/v1/job.js';
import { AskedKinds } from '../../../src/lb/asked-kinds.js';
import { JobAdmission } from '../../../src/lb/job-admission.js';
import { JobStream } from '../../../src/lb/job-stream.js';
import { lbLimitsDefault } from '../../../src/lb/limits.js';
import { PayloadBudget } from '../../../src/lb/payload-budget.js';
import { StreamTurns } from '../../../src/lb/stream-turns.js';
import { FakeHub } from '../../support/fake-hub.js';

/** A call whose caller has stopped to read. */
class UnreadCall extends EventEmitter {
  readonly metadata = new Metadata();
  written = 0;
  readonly getDeadline = (): number => Infinity;
  readonly isPaused = (): boolean => false;
  readonly pause = (): void => undefined;
  readonly resume = (): void => undefined;
  readonly write = (message: Uint8Array): boolean => {
    this.written += RunJobsResponse.decode(message).results.length;
    return false;
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['long answers is cut off, and its jobs are cancelled', 100_000, true],
  ['short ones is not', 100, false],
])('a caller that leaves unread %s', async (_what, bytes, cutOff) => {
  const hub = new FakeHub();
  const call = new UnreadCall();
  const errors: unknown[] = [];
  call.on('error', (error) => errors.push(error));
  const admission = new JobAdmission(hub, { max: 1000, fair: true });
  const limits = { ...lbLimitsDefault, unreadBytesMax: 1_000_000 };
  const asked = new AskedKinds(hub, [{ number: 1, name: 'GET_TIME' }]);
  const port = { hub, limits, admission, asked, payloads: new PayloadBudget() };
  const stream = new JobStream(
    call as unknown as ServerDuplexStream<Uint8Array, Uint8Array>,
    port,
    new StreamTurns(lbLimitsDefault, () => false),
    () => undefined,
  );
  const jobs = Array.from({ length: 40 }, (_, tag) => ({ tag: BigInt(tag), kind: 1 }));
  call.emit('data', RunJobsRequest.encode({ jobs }).finish());
  expect(hub.jobs.size).toBe(40);
  for (let id = 1; id <= 40 && hub.jobs.has(id); id++) {
    hub.answer(id, 'x'.repeat(bytes));
    await turn();
  }
  const told = { code: status.RESOURCE_EXHAUSTED, details: expect.stringMatching(/over 1000000 \(unreadBytesMax\)$/) };
  expect(errors).toEqual(cutOff ? [expect.objectContaining(told)] : []);
  expect(hub.cancelled.length > 0).toBe(cutOff);
  expect([hub.jobs.size, admission.used]).toEqual([0, 0]);
  stream.drain();
});

test('long answers of one turn go in messages that a client takes', async () => {
  const hub = new FakeHub();
  const sizes: number[] = [];
  const call = new UnreadCall();
  const write = (message: Uint8Array): boolean => sizes.push(message.length) > 0;
  const admission = new JobAdmission(hub, { max: 1000, fair: true });
  const asked = new AskedKinds(hub, [{ number: 1, name: 'GET_TIME' }]);
  const port = { hub, limits: lbLimitsDefault, admission, asked, payloads: new PayloadBudget() };
  const stream = new JobStream(
    Object.assign(call, { write }) as unknown as ServerDuplexStream<Uint8Array, Uint8Array>,
    port,
    new StreamTurns(lbLimitsDefault, () => false),
    () => undefined,
  );
  const jobs = Array.from({ length: 20 }, (_, tag) => ({ tag: BigInt(tag), kind: 1 }));
  call.emit('data', RunJobsRequest.encode({ jobs }).finish());
  for (let id = 1; id <= 20; id++) hub.answer(id, 'x'.repeat(600_000));
  await turn();
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThan(messageRoomBytes);
  stream.drain();
});
