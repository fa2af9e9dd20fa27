import { TriremeError, type ErrorFacts } from '../../common/errors.js';

const late = (seconds: number, deadline: number): ErrorFacts => ({
  value: seconds,
  bound: deadline,
  boundName: 'deadline',
});

/** The errors that a hub answers jobs with. Built only when needed: an error costs far more than a job. */
export const jobErrors = {
  queueFull: (max: number) =>
    new TriremeError('QUEUE_FULL', `${max} jobs wait for a worker already (jobsQueuedMax); ask again later`, {
      facts: { value: max, bound: max, boundName: 'jobsQueuedMax' },
    }),
  tooManyLive: (max: number) =>
    new TriremeError('QUEUE_FULL', `${max} jobs are live already; ask again later`, {
      facts: { value: max, bound: max, boundName: 'jobsLiveMax' },
    }),
  hopeless: (waitSeconds: number, timeoutSeconds: number) =>
    new TriremeError(
      'DEADLINE_PASSED',
      `the job would wait ${waitSeconds.toFixed(2)} s for a worker, over its deadline of ${timeoutSeconds.toFixed(2)} s`,
      { facts: { ...late(waitSeconds, timeoutSeconds), retrySeconds: waitSeconds - timeoutSeconds } },
    ),
  /** @param begun the job may not run twice, and a worker has it */
  expired: (seconds: number, begun = false) =>
    new TriremeError('DEADLINE_PASSED', `no result within ${seconds.toFixed(2)} s${begun ? '; it may have run' : ''}`, {
      facts: late(seconds, seconds),
    }),
  noWorker: (kind: string, seconds: number) =>
    new TriremeError(
      'NO_WORKER',
      `no worker for ${kind} came within ${seconds.toFixed(2)} s; start one with 'trireme worker'`,
      { facts: { value: kind, bound: seconds, boundName: 'wait' } },
    ),
  cancelled: () => new TriremeError('CANCELLED', 'the job was cancelled'),
  lost: (attempts: number) =>
    new TriremeError('WORKER_LOST', `its worker was lost ${attempts} times (jobAttemptsMax ${attempts})`, {
      facts: { value: attempts, bound: attempts, boundName: 'jobAttemptsMax' },
    }),
  mayHaveRun: (kind: string) =>
    new TriremeError(
      'MAY_HAVE_RUN',
      `its worker was lost while it had the job: it may have run, and jobs of ${kind} are not run twice (mayCopy)`,
      { facts: { value: kind } },
    ),
  notRun: (times: number) =>
    new TriremeError('NO_WORKER', `workers gave the job back ${times} times (jobNotRunMax)`, {
      facts: { value: times, bound: times - 1, boundName: 'jobNotRunMax' },
    }),
  contradicted: (workers: readonly string[]) =>
    new TriremeError(
      'JOB_FAILED',
      `audited: ${workers.join(' and ')} contradict each other, and no other worker can say who is right`,
    ),
  /** @param reason as the worker gave it; older ones repeat the code, which is said once */
  jobFailed: (reason: string) => new TriremeError('JOB_FAILED', reason.replace(/^(JOB_FAILED: *)+/, '')),
  draining: () => new TriremeError('DRAINING', 'this process is shutting down; ask another one'),
} as const;
