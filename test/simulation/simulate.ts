import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../src/hub/hub.js';
import { Shares } from '../../src/hub/shares/shares.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import { sameAnswer } from '../../src/kinds/audit.js';
import { kindsOfSim } from './answers.js';
import { Clients, endSecondsMax, Verdicts } from './clients.js';
import { planOf, type Plan } from './plan.js';
import { ProcessTime, SimTime } from './sim-time.js';
import { SimWorker, type Surroundings } from './sim-worker.js';

export interface Outcome {
  readonly seed: number;
  readonly jobs: number;
  readonly answered: number;
  readonly failed: number;
  readonly lies: number;
  /** Simulated, and of this process. */
  readonly simSeconds: number;
  readonly seconds: number;
  readonly events: number;
  readonly restarts: number;
  /** What must never happen, in words; the first ones. */
  readonly violations: readonly string[];
}

const log = pino({ level: 'silent' });

/** Time for the last answers and heartbeats to come once all workers behave. */
const settleSeconds = 10;
/** A restart takes so long. */
const restartSeconds = 0.2;

/** Runs the plan of a seed to its end. */
export function simulate(seed: number, jobs: number): Outcome {
  return new Simulation(planOf(seed, jobs)).run();
}

/** Those of the three sinks of Clients. */
function sharesOf(now: number): Shares {
  const shares = new Shares();
  for (const [at, terms] of [
    [3, Infinity],
    [1, Infinity],
    [0.5, 0.05],
  ].entries())
    shares.add(`c${at}`, { weight: terms[0], secondsPerSecondMax: terms[1] }, now);
  return shares;
}

class Simulation {
  private readonly time = new SimTime();
  private readonly random: () => number;
  private readonly verdicts = new Verdicts();
  private readonly clients: Clients;
  private readonly workers: readonly SimWorker[];
  private hub: AttachableHub | null = null;
  private process = new ProcessTime(this.time);
  private restarts = 0;
  private faulty = true;

  constructor(private readonly plan: Plan) {
    this.random = seededRandom(plan.seed ^ 0x5eed);
    this.clients = new Clients(plan, this.time, this.random, this.verdicts);
    const around: Surroundings = {
      time: this.time,
      random: this.random,
      heartbeatSeconds: plan.heartbeatSeconds,
      hub: () => this.hub,
      process: () => this.process,
      units: (kind, tag) => this.clients.units(kind, tag),
      recent: [],
    };
    this.workers = plan.workers.map((worker, number) => new SimWorker(around, number, worker));
  }

  run(): Outcome {
    const { plan, time, clients } = this;
    const [beganNs, began] = [process.hrtime.bigint(), time.now()];
    this.startHub();
    for (const worker of this.workers) worker.start();
    this.every(plan.restart, () => this.restart());
    this.every(plan.wallStep, () => time.stepWall((this.random() - 0.5) * 172_800_000));
    this.every(plan.standstill, () => this.standStill());
    this.every(20, () => {
      clients.holdBack(true);
      time.after(this.random() * 2, () => clients.holdBack(false));
    });
    this.looks();
    time.runUntil(() => clients.submitted >= plan.jobs || this.verdicts.count > 0, 1e7);
    this.settle();
    return {
      seed: plan.seed,
      jobs: clients.submitted,
      answered: clients.answered,
      failed: clients.failed,
      lies: clients.lies,
      simSeconds: time.now() - began,
      seconds: Number(process.hrtime.bigint() - beganNs) / 1e9,
      events: time.events,
      restarts: this.restarts,
      violations: this.verdicts.found,
    };
  }

  /** All faults end: now each job must end, and nothing be left of any. */
  private settle(): void {
    const { time, clients, workers, verdicts } = this;
    this.faulty = false;
    clients.holdBack(false);
    time.runUntil(() => this.hub !== null, 1);
    for (const worker of workers) worker.behave();
    if (verdicts.count > 0) return;
    time.runUntil(() => clients.live === 0, endSecondsMax + 10);
    if (clients.live > 0) clients.look();
    if (clients.live > 0) return void verdicts.add(`${clients.live} jobs have not ended though all workers behave`);
    time.runUntil(() => false, settleSeconds);
    const left = Object.entries(this.hub?.census() ?? {}).filter(([, count]) => count !== 0);
    if (left.length > 0) verdicts.add(`left when no job lives: ${left.map((entry) => entry.join(' ')).join(', ')}`);
    const { kinds } = this.hub?.snapshot() ?? { kinds: [] };
    for (const { name, submitted, done, failed, queueFull, expired, cancelled, lost, noWorker, draining } of kinds) {
      const ended = done + failed + queueFull + expired + cancelled + lost + noWorker + draining;
      if (ended !== submitted) verdicts.add(`${submitted} jobs of ${name} were submitted and ${ended} have ended`);
    }
  }

  private startHub(): void {
    const { plan } = this;
    this.process = new ProcessTime(this.time);
    this.hub = createHub(
      log,
      {
        useBits: plan.useBits,
        auditShare: plan.auditShare,
        auditSeed: plan.seed,
        auditOf: (kind) => (kind === kindsOfSim.checked ? sameAnswer(kind) : undefined),
        hedgeShare: plan.hedgeShare,
        copyAfterMs: plan.copyAfterMs,
        quarantineMs: plan.quarantineMs,
        shares: plan.shares ? sharesOf(this.time.now()) : null,
        jobsOutstandingMax: plan.outstandingMax,
        heartbeatIntervalMs: plan.heartbeatSeconds * 1000,
        incarnation: 1 + this.restarts,
        shortIdFirst: 1 + Math.floor(this.random() * (2 ** 32 - 1)),
      },
      this.process,
      { seed: plan.seed },
    );
    this.clients.attach(this.hub);
  }

  /** The hub's process is killed, and another one takes its place. */
  private restart(): void {
    if (this.hub === null) return;
    this.hub = null;
    this.process.killed = true;
    this.restarts++;
    this.clients.attach(null);
    for (const worker of this.workers) worker.hubDied();
    this.time.after(restartSeconds, () => this.startHub());
  }

  private standStill(): void {
    const seconds = this.random() * 3 * this.plan.heartbeatSeconds;
    this.clients.lateSeconds += seconds;
    this.time.standStill(seconds);
  }

  private every(meanBeats: number, event: () => void): void {
    if (meanBeats === Infinity) return;
    this.time.after(-Math.log(1 - this.random()) * meanBeats * this.plan.heartbeatSeconds, () => {
      if (!this.faulty) return;
      event();
      this.every(meanBeats, event);
    });
  }

  private looks(): void {
    this.time.after(1, () => {
      this.clients.look();
      this.looks();
    });
  }
}
