import { HOLD } from '../../src/hub/picking/picker.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { EventQueue } from './event-queue.js';
import { Cores, type Machine } from './machine.js';
import type { Policy, PolicyMaker, Told } from './policy.js';

/** Everything that a run depends on; the same input gives the same output. */
export interface Run {
  readonly machines: readonly Machine[];
  readonly told: readonly Told[];
  readonly jobs: number;
  /** Jobs a second over all hubs; Infinity for a batch that is all there at 0. */
  readonly rate: number;
  /** Draws the kind of a job, its seconds at speed 1, and its size; left out: it has none. */
  readonly draw: (random: () => number) => { kind: number; work: number; units?: number };
  readonly oneWaySeconds: number;
  /** Event loops look at their sockets this often; 0 is at once. */
  readonly grainSeconds: number;
  readonly hubs: number;
  readonly heartbeatSeconds: number;
  /** A job on a worker that has been silent this long is given to another one too; Infinity is never. */
  readonly copyAfterSeconds: number;
  /**
   * Of a batch, a job arrives when all but so many of the jobs before it are answered: a client on one
   * connection, whose answers come in order. Infinity is all at once.
   */
  readonly connectionJobsMax: number;
  readonly seed: number;
}

export interface Outcome {
  /** Seconds from arrival to answer, by job. */
  readonly latency: Float64Array;
  readonly makespan: number;
  /** Sum of work / sum of speeds + round trip: no schedule is faster. */
  readonly bound: number;
  readonly waitingMax: number;
  readonly copies: number;
}

/** A job that a policy holds for a busy worker lets so many behind it pass. */
const heldMax = 512;

/** Workers that may be given the same job one after the other because those before stand still. */
const attemptsMax = 3;

class Hub {
  readonly waiting: number[] = [];
  head = 0;
  /** Some that wait are held though a worker has room. */
  holding = false;

  constructor(readonly policy: Policy) {}

  get count(): number {
    return this.waiting.length - this.head;
  }
}

/** Hubs, the delay to the workers and the workers' cores, event by event. */
export class Simulation {
  private readonly cores: Cores[];
  private readonly hubs: Hub[];
  private readonly arrivedAt: Float64Array;
  private readonly answeredAt: Float64Array;
  private readonly kind: Uint8Array;
  private readonly work: Float64Array;
  private readonly units: Float64Array;
  /** Latest dispatch of a job, and how often it was dispatched. */
  private readonly latest: Int32Array;
  private readonly attempts: Uint8Array;
  /** One entry per dispatch; a copied job has two. */
  private readonly jobOf: number[] = [];
  private readonly workerOf: number[] = [];
  private readonly sentAt: number[] = [];
  private readonly exec: number[] = [];
  private readonly held: number[] = [];
  private readonly results = new EventQueue();
  private readonly onWorker: Set<number>[];
  private totalWork = 0;
  private waitingMax = 0;
  private copies = 0;

  constructor(
    private readonly run: Run,
    maker: PolicyMaker,
  ) {
    this.cores = run.machines.map((machine) => new Cores(machine));
    this.hubs = Array.from(
      { length: run.hubs },
      (_, index) => new Hub(maker(run.told, 2 * run.oneWaySeconds, run.seed + index)),
    );
    this.arrivedAt = new Float64Array(run.jobs);
    this.answeredAt = new Float64Array(run.jobs);
    this.kind = new Uint8Array(run.jobs);
    this.work = new Float64Array(run.jobs);
    this.units = new Float64Array(run.jobs);
    this.latest = new Int32Array(run.jobs);
    this.attempts = new Uint8Array(run.jobs);
    this.onWorker = run.machines.map(() => new Set<number>());
    const random = seededRandom(run.seed * 7919 + 17);
    let at = 0;
    for (let job = 0; job < run.jobs; job++) {
      if (run.rate !== Infinity) at += -Math.log(1 - random()) / run.rate;
      const drawn = run.draw(random);
      this.arrivedAt[job] = at;
      this.kind[job] = drawn.kind;
      this.work[job] = drawn.work;
      this.units[job] = drawn.units ?? 1;
      this.totalWork += drawn.work;
    }
  }

  outcome(): Outcome {
    const { run, results } = this;
    let next = 0;
    let heartbeatAt = run.heartbeatSeconds;
    const checkSeconds = run.copyAfterSeconds / 4;
    let checkAt = checkSeconds;
    let answered = 0;
    let inOrder = 0;
    let answeredAt = 0;
    while (answered < run.jobs) {
      while (inOrder < run.jobs && this.answeredAt[inOrder] > 0) inOrder++;
      const mayArrive = next < run.jobs && next < inOrder + run.connectionJobsMax;
      if (mayArrive && this.arrivedAt[next] < answeredAt) this.arrivedAt[next] = answeredAt;
      const arrival = mayArrive ? this.arrivedAt[next] : Infinity;
      const event = Math.min(arrival, results.next, heartbeatAt, checkAt);
      if (event === arrival) this.arrive(next++);
      else if (event === results.next) {
        answered += this.result(results.pop(), event);
        if (run.rate === Infinity) answeredAt = event;
      } else if (event === heartbeatAt) {
        this.heartbeats(event);
        heartbeatAt += run.heartbeatSeconds;
      } else {
        this.copySilent(event);
        checkAt += checkSeconds;
      }
    }
    const latency = this.answeredAt.map((at, job) => at - this.arrivedAt[job]);
    const capacity = run.machines.reduce((sum, machine) => sum + machine.cores * machine.speed, 0);
    return {
      latency,
      makespan: this.answeredAt.reduce((most, at) => Math.max(most, at), 0),
      bound: this.totalWork / capacity + 2 * run.oneWaySeconds,
      waitingMax: this.waitingMax,
      copies: this.copies,
    };
  }

  private hubOf(job: number): Hub {
    return this.hubs[job % this.hubs.length];
  }

  private arrive(job: number): void {
    const hub = this.hubOf(job);
    hub.waiting.push(job);
    if (hub.count > 1) this.waitingMax = Math.max(this.waitingMax, hub.count);
    // Of jobs that all wait for room none goes now; one that comes behind jobs that are held may.
    if (hub.count === 1 || hub.holding) this.serve(hub, this.arrivedAt[job]);
  }

  /** Gives waiting jobs away, first come first served, until the policy says to wait. */
  private serve(hub: Hub, now: number): void {
    hub.policy.beginPass?.();
    let held = 0;
    while (hub.count > held) {
      const job = hub.waiting[hub.head + held];
      const worker = hub.policy.pick(this.kind[job], now, -1, this.units[job]);
      if (worker === HOLD) {
        hub.holding = true;
        if (++held > heldMax) return;
        continue;
      }
      if (worker < 0) {
        hub.holding = false;
        return;
      }
      // Those that are held stay in front.
      hub.waiting.copyWithin(hub.head + 1, hub.head, hub.head + held);
      hub.head++;
      this.dispatch(hub, job, worker, now);
    }
    hub.holding = held > 0;
    if (hub.holding) return;
    hub.waiting.length = hub.head = 0;
  }

  private dispatch(hub: Hub, job: number, worker: number, now: number): void {
    hub.policy.dispatched(worker, this.kind[job], now, this.units[job]);
    const cores = this.cores[worker];
    const arrives = this.tick(now + this.run.oneWaySeconds);
    const ends = cores.run(arrives, this.work[job]);
    const sent = cores.runsAt(this.tick(ends));
    const id = this.jobOf.length;
    this.jobOf.push(job);
    this.workerOf.push(worker);
    this.sentAt.push(now);
    this.exec.push(ends - cores.startedAt);
    this.held.push(sent - arrives);
    this.onWorker[worker].add(id);
    this.latest[job] = id;
    this.attempts[job]++;
    this.results.push(this.tick(sent + this.run.oneWaySeconds), id);
  }

  private tick(at: number): number {
    const grain = this.run.grainSeconds;
    return grain === 0 ? at : Math.ceil(at / grain) * grain;
  }

  /** Returns how many jobs this answered: 0 for the second result of a copied job. */
  private result(id: number, now: number): number {
    const job = this.jobOf[id];
    const worker = this.workerOf[id];
    const hub = this.hubOf(job);
    this.onWorker[worker].delete(id);
    const reply = now - this.sentAt[id];
    hub.policy.ended(worker, this.kind[job], this.exec[id], this.held[id], reply, now, this.units[job]);
    const first = this.answeredAt[job] === 0;
    if (first) this.answeredAt[job] = now;
    // Results of one moment come in one message; the hub looks at its queue when it has read them all.
    if (this.results.next > now) for (const waiting of this.hubs) if (waiting.count > 0) this.serve(waiting, now);
    return first ? 1 : 0;
  }

  private heartbeats(now: number): void {
    for (let worker = 0; worker < this.cores.length; worker++) {
      const busy = this.cores[worker].busy(now);
      for (const hub of this.hubs) {
        let elsewhere = 0;
        for (const other of this.hubs) if (other !== hub) elsewhere += other.policy.backlog?.(worker) ?? 0;
        const heard = {
          slots: this.run.told[worker].cores,
          queued: Math.max(0, this.onWorker[worker].size - busy),
          draining: false,
          backlogElsewhereSeconds: elsewhere,
        };
        hub.policy.report?.(worker, heard, now);
      }
    }
  }

  /** When nothing waits at a hub, the jobs of a silent worker are given to another one too; so are those copies. */
  private copySilent(now: number): void {
    for (const hub of this.hubs) {
      if (hub.count > 0 || hub.policy.silence === undefined) continue;
      for (let worker = 0; worker < this.cores.length; worker++) {
        if (hub.policy.silence(worker, now) < this.run.copyAfterSeconds) continue;
        for (const id of this.onWorker[worker]) {
          const job = this.jobOf[id];
          const settled = this.answeredAt[job] > 0 || this.latest[job] !== id || this.attempts[job] === attemptsMax;
          if (settled || this.hubOf(job) !== hub) continue;
          const other = hub.policy.pick(this.kind[job], now, worker, this.units[job]);
          if (other < 0) break;
          this.copies++;
          this.dispatch(hub, job, other, now);
        }
      }
    }
  }
}
