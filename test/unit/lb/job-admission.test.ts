import { shallowJobsMax } from '../../../src/lb/client-depth.js';
import { JobAdmission } from '../../../src/lb/job-admission.js';
import { FakeHub } from '../../support/fake-hub.js';

let hub: FakeHub;
let nowMs: number;
let admission: JobAdmission;

const start = (fair: boolean): void => {
  hub = new FakeHub();
  nowMs = 1000;
  admission = new JobAdmission(hub, { max: 10_000, fair }, () => nowMs);
};

beforeEach(() => start(true));

/** So many jobs are done in every ten milliseconds, for a second, while clients ask as told. */
function run(jobsPerTenMs: number, clients: readonly number[] = []): void {
  const marks = clients.map(() => 0);
  for (let i = 0; i < 100; i++) {
    for (let k = 0; k < jobsPerTenMs; k++) {
      admission.take();
      admission.release();
    }
    nowMs += 10;
    clients.forEach((outstanding, at) => (marks[at] = admission.asked(outstanding, marks[at])));
    void admission.queueRoom;
  }
}

describe('job admission', () => {
  test('the hub is not given more than the bound, whoever asks', () => {
    for (let i = 0; i < 9_990; i++) admission.take();
    expect(admission.room(0)).toBe(10);
    for (let i = 0; i < 10; i++) admission.take();
    expect(admission.room(0)).toBe(0);
  });

  test('a long queue at the hub holds back those who have much outstanding, not those who have little', () => {
    hub.jobsWaiting = 500;
    expect(admission.room(shallowJobsMax)).toBe(0);
    expect(admission.room(0)).toBe(shallowJobsMax);
    expect(admission.room(shallowJobsMax - 1)).toBe(1);
    hub.jobsWaiting = 0;
    expect(admission.room(shallowJobsMax)).toBe(128);
  });

  test('whether clients are there that ask for few is known while they are, and for some time after', () => {
    expect(admission.shallowClients).toBe(false);
    run(1, [9_000]);
    expect(admission.shallowClients).toBe(false);
    run(1, [9_000, shallowJobsMax]);
    expect(admission.shallowClients).toBe(true);
    run(1, [9_000]);
    run(1, [9_000]);
    expect(admission.shallowClients).toBe(false);
    start(false);
    run(1, [1]);
    expect(admission.shallowClients).toBe(false);
  });

  test('without fairness nobody is held back before the bound', () => {
    start(false);
    hub.jobsWaiting = 9_000;
    expect(admission.room(16_000)).toBe(10_000);
    expect(admission.queueRoom).toBe(10_000);
  });

  test.each([
    { title: 'nobody asks', clients: [], waitingMs: 3, windowMs: 0, lingerMs: 4 },
    { title: 'one client has one job', clients: [1], waitingMs: 3, windowMs: 0, lingerMs: 4 },
    { title: 'two clients are 60 ms ahead', clients: [3000, 3000], waitingMs: 7.5, windowMs: 36, lingerMs: 15 },
    { title: 'two clients are 20 ms ahead', clients: [1000, 1000], waitingMs: 3, windowMs: 12, lingerMs: 5 },
    { title: 'two clients are 600 ms ahead', clients: [30e3, 30e3], waitingMs: 30, windowMs: 100, lingerMs: 40 },
    { title: 'a shallow one is among the deep', clients: [8000, 8000, 3], waitingMs: 3, windowMs: 0, lingerMs: 4 },
    { title: 'one is less ahead than the others', clients: [8000, 500], waitingMs: 3, windowMs: 6, lingerMs: 4 },
  ])('$title: the queue is $waitingMs ms, windows $windowMs ms', ({ clients, waitingMs, windowMs, lingerMs }) => {
    run(1000, clients);
    expect(admission.room(5000) / 100).toBeCloseTo(waitingMs, 1);
    expect(hub.windowSeconds * 1000).toBeCloseTo(windowMs, 1);
    expect(admission.lingerMs).toBeCloseTo(lingerMs, 1);
  });

  test('the queue follows what gets done, down to its least length', () => {
    run(700);
    expect(admission.room(500)).toBeCloseTo(210, -1);
    run(500);
    expect(admission.room(500)).toBeCloseTo(150, -1);
    run(1);
    expect(admission.room(500)).toBe(128);
  });

  test('windows are narrowed the moment that a shallow client asks, and widened again after a second or two', () => {
    run(1000, [20_000]);
    expect(hub.windowSeconds).toBeCloseTo(0.1, 6);
    admission.asked(1, 0);
    expect(hub.windowSeconds).toBe(0);
    run(1000, [20_000]);
    run(1000, [20_000]);
    run(1000, [20_000]);
    expect(hub.windowSeconds).toBeCloseTo(0.1, 6);
  });

  test('those who wait hear of the next job that ends, once', () => {
    const woken: number[] = [];
    admission.take();
    admission.take();
    admission.whenRoom(() => woken.push(1));
    admission.whenRoom(() => woken.push(2));
    admission.release();
    admission.release();
    expect(woken).toEqual([1, 2]);
  });

  test('jobs of who asks for little are urgent, where clients take turns', () => {
    expect([0, 1, shallowJobsMax, shallowJobsMax + 1].map((asked) => admission.urgent(asked))).toEqual([
      ...[true, true, true],
      false,
    ]);
    start(false);
    expect(admission.urgent(1)).toBe(false);
  });

  test('who waits for room hears of the next job that ends, once', () => {
    let woken = 0;
    admission.take();
    admission.take();
    admission.whenRoom(() => woken++);
    admission.whenRoom(() => woken++);
    expect(woken).toBe(0);
    admission.release();
    expect(woken).toBe(2);
    admission.release();
    expect(woken).toBe(2);
    expect(admission.used).toBe(0);
  });
});
