import { seededRandom } from '../../src/hub/picking/seeded-random.js';

/** What a worker may do wrong, each with its chance for each batch of jobs that it ends. */
export interface Habits {
  /** It answers some of them again, at any later time. */
  readonly twice: number;
  /** It mixes up two jobs: the answer to one under the id and kind of another. */
  readonly mixed: number;
  /** It answers a job that it was never given. */
  readonly alien: number;
  /** Its columns do not agree, or hold what they may not. */
  readonly malformed: number;
  /** It answers, and wrongly. */
  readonly lie: number;
  /** It says that the job failed. */
  readonly fails: number;
  /** It gives the job back. */
  readonly givesBack: number;
  /** It answers in parts, or sends a part and no end. */
  readonly parts: number;
}

/** Mean seconds between events of a worker, in heartbeats; Infinity is never. */
export interface Moods {
  /** It stands still, with its heartbeats or without, and answers all it held later. */
  readonly stall: number;
  /** Its stream breaks, seen by the hub or not; it comes back under the same id. */
  readonly break: number;
  /** It drains, leaves and comes back. */
  readonly leave: number;
}

export interface WorkerPlan {
  readonly name: string;
  readonly protocol: number;
  readonly slots: number;
  readonly delaySeconds: number;
  /** Of its speed. */
  readonly factor: number;
  readonly habits: Habits;
  readonly moods: Moods;
  /** Share of the stalls in which it beats. */
  readonly beatsInStall: number;
  /** In heartbeats. */
  readonly stallLength: number;
  /** Once it stands still it never answers what it held. */
  readonly neverAnswers: boolean;
}

/** All that one run is made of. */
export interface Plan {
  readonly seed: number;
  readonly jobs: number;
  readonly live: number;
  /** Some jobs are of a kind whose jobs have a size. */
  readonly sizes: boolean;
  /** Clients share the workers by weight, and one of them has a bound of seconds. */
  readonly shares: boolean;
  /** Jobs a second that the clients ask for at most, all together. */
  readonly rate: number;
  readonly heartbeatSeconds: number;
  readonly useBits: number;
  readonly workers: readonly WorkerPlan[];
  readonly auditShare: number;
  readonly hedgeShare: number;
  readonly copyAfterMs: number;
  readonly quarantineMs: number;
  readonly outstandingMax: number;
  /**
   * Share of the jobs with a deadline, of those that their client cancels, of urgent ones, of those that
   * avoid a worker.
   */
  readonly deadlines: number;
  readonly cancels: number;
  readonly urgent: number;
  readonly avoids: number;
  /**
   * Mean time between restarts of the hub, steps of its calendar, and times in which it does not run, in heartbeats.
   */
  readonly restart: number;
  readonly wallStep: number;
  readonly standstill: number;
}

const noHabits: Habits = {
  twice: 0,
  mixed: 0,
  alien: 0,
  malformed: 0,
  lie: 0,
  fails: 0,
  givesBack: 0,
  parts: 0,
};

/** The worker that does all that it should, in every run: while it lives, each job must end. */
const honest = (delaySeconds: number): WorkerPlan => ({
  name: 'w0',
  protocol: 1,
  slots: 4,
  delaySeconds,
  factor: 1,
  habits: noHabits,
  moods: { stall: Infinity, break: Infinity, leave: Infinity },
  beatsInStall: 1,
  stallLength: 0,
  neverAnswers: false,
});

/**
 * What the run of a seed is made of. Each run has some faults and not others, because many faults at once
 * hide each other: a worker that is cut off all the time answers nothing late.
 */
export function planOf(seed: number, jobs: number): Plan {
  const random = seededRandom(seed);
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)];
  const some = (chance: number, value: number): number => (random() < chance ? value : 0);
  const seldom = (chance: number, beats: number): number => (random() < chance ? beats : Infinity);
  const heartbeatSeconds = one(0.05, 0.1, 1);
  const bad = random() < 0.75;
  const workers = Array.from({ length: one(1, 2, 3, 4, 6, 10, 34) }, (_, at): WorkerPlan => {
    const faulty = bad && random() < 0.6;
    const protocol = random() < 0.25 ? 0 : 1;
    if (at === 0) return honest(one(50e-6, 1e-3));
    return {
      name: `w${at}`,
      protocol,
      slots: one(1, 1, 2, 4),
      delaySeconds: one(50e-6, 200e-6, 1e-3, 20e-3),
      factor: one(1, 1, 1, 3, 10),
      habits: !faulty
        ? { ...noHabits, givesBack: some(0.2, 0.01), fails: some(0.2, 0.01), parts: some(0.3, 0.02) }
        : {
            twice: some(0.5, 0.05),
            // Who names no kind cannot be found out.
            mixed: protocol === 0 ? 0 : some(0.2, 0.01),
            alien: some(0.2, 0.01),
            malformed: some(0.1, 0.005),
            lie: some(0.3, 0.05),
            fails: some(0.2, 0.02),
            givesBack: some(0.3, 0.05),
            parts: some(0.3, 0.05),
          },
      moods: { stall: seldom(0.5, one(1, 5)), break: seldom(0.3, one(2, 10)), leave: seldom(0.2, one(3, 10)) },
      beatsInStall: one(0, 1, 0.5),
      stallLength: one(0.02, 0.2, 1, 6),
      neverAnswers: random() < 0.2,
    };
  });
  return {
    seed,
    jobs,
    // No random number is drawn for it, so that the runs of old seeds stay what they were.
    sizes: seed % 3 === 0,
    shares: seed % 5 === 0,
    live: one(1, 2, 8, 64, 256, 1500),
    // So that a run takes some hundred heartbeats, whatever the number of its jobs.
    rate: jobs / (heartbeatSeconds * one(30, 100, 300)),
    heartbeatSeconds,
    useBits: one(3, 3, 3, 4, 8, 33),
    workers,
    auditShare: one(0, 0, 0.05, 1),
    hedgeShare: one(0.05, 0.05, 0, 1),
    copyAfterMs: one(5, 5, 20, Infinity),
    quarantineMs: one(500, 5000, Infinity),
    outstandingMax: one(16_384, 16_384, 50, 3),
    deadlines: one(0, 0, 0.1, 1),
    cancels: one(0, 0, 0.02, 0.3),
    urgent: one(0, 0.1),
    avoids: one(0, 0, 0.05),
    restart: seldom(0.3, one(5, 30)),
    wallStep: seldom(0.2, 10),
    standstill: seldom(0.2, 20),
  };
}
