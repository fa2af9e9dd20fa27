import { JobAdmission, sparseJobsMax } from '../../../src/lb/job-admission.js';

const hub = { jobsWaiting: 0 };
let nowMs: number;
let admission: JobAdmission;

beforeEach(() => {
  hub.jobsWaiting = 0;
  nowMs = 1000;
  admission = new JobAdmission(hub, 1000, () => nowMs);
});

/** So many jobs are done in every ten milliseconds, for a second. */
function run(jobsPerTenMs: number): void {
  for (let i = 0; i < 100; i++) {
    for (let k = 0; k < jobsPerTenMs; k++) {
      admission.take();
      admission.release();
    }
    nowMs += 10;
    void admission.queueRoom;
  }
}

describe('job admission', () => {
  test('the hub is not given more than the bound, whoever asks', () => {
    for (let i = 0; i < 990; i++) admission.take();
    expect(admission.room(0)).toBe(10);
    for (let i = 0; i < 10; i++) admission.take();
    expect(admission.room(0)).toBe(0);
  });

  test('a long queue at the hub holds back those who have much outstanding, not those who have little', () => {
    hub.jobsWaiting = 500;
    expect(admission.room(sparseJobsMax)).toBe(0);
    expect(admission.room(0)).toBe(sparseJobsMax);
    expect(admission.room(sparseJobsMax - 1)).toBe(1);
    hub.jobsWaiting = 0;
    expect(admission.room(sparseJobsMax)).toBe(256);
  });

  test('the queue may hold ten milliseconds of what gets done', () => {
    run(700);
    expect(admission.room(500)).toBeCloseTo(700, -1);
    run(300);
    expect(admission.room(500)).toBeCloseTo(300, -1);
    run(1);
    expect(admission.room(500)).toBe(256);
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
});
