import { pino } from 'pino';
import type { Hello, JobBatch, ResultBatch } from '../../src/gen/trireme/v1/worker.js';

/** The two kinds that the workers here offer: one that costs next to nothing, one that takes 20 ms. */
export const quickKind = 1;
export const slowKind = 2;
export const quickSeconds = 5e-6;
export const slowSeconds = 0.02;

/** Jobs that each worker runs at once. */
export const slotsEach = 4;

export const heartbeatSeconds = 1;

export const silent = pino({ level: 'silent' });

export function helloOf(name: string): Hello {
  return {
    workerId: name,
    name,
    version: '0.2.0',
    slots: slotsEach,
    kinds: [
      { kind: quickKind, name: 'GET_TIME', secondsPerUnit: quickSeconds },
      { kind: slowKind, name: 'MINE_BITCOIN', secondsPerUnit: slowSeconds },
    ],
    cpuModel: 'simulated',
    memoryBytes: 2n ** 33n,
    cores: slotsEach,
    host: name,
    protocol: 1,
    secret: Buffer.alloc(0),
  };
}

export const heartbeat = {
  slots: slotsEach,
  busy: 0,
  queued: 0,
  load: 0,
  draining: false,
  backlogElsewhereSeconds: 0,
};

/** Jobs as they came: the columns that name them. */
export type Jobs = Pick<JobBatch, 'job' | 'jobHigh' | 'kind'>;

const answer = Buffer.from('1763770000');

/** Answers to jobs, in columns, as a worker sends them. */
export function resultsOf({ job, jobHigh, kind }: Jobs, heldSeconds: number, incarnation: number): ResultBatch {
  const count = job.length;
  return {
    job,
    jobHigh,
    kind,
    incarnation,
    status: [],
    execSeconds: kind.map((each) => (each === slowKind ? slowSeconds : quickSeconds)),
    heldSeconds: new Array<number>(count).fill(heldSeconds),
    payloadSize: new Array<number>(count).fill(answer.length),
    payloads: Buffer.alloc(count * answer.length, answer),
  };
}
