import type { Hub } from '../hub/types.js';

/** Jobs that the hub's queue should hold, in seconds of what it gets done: enough that no worker runs dry in between. */
const waitingTargetSeconds = 0.01;

/** Least length of that queue: without it nothing would be measured to begin with. */
const waitingTargetLeast = 256;

/** Jobs of one client that are let through whatever the queue: a client that asks for little does not wait for floods. */
export const sparseJobsMax = 64;

/** How long completions are counted before the rate is taken from them. */
const rateIntervalMs = 10;

/** Weight of the newest interval in the rate. */
const rateGain = 0.3;

/**
 * Decides how many jobs of a client may go to the hub now. The hub's queue is one line for everybody, so it is kept
 * short: who asks for much waits here, where clients take turns, and who asks for little finds the line short. All
 * clients, TCP and gRPC, share one admission. Time is passed in.
 */
export class JobAdmission {
  /** Jobs of all clients that are with the hub. */
  used = 0;
  private waiting: (() => void)[] = [];
  private ended = 0;
  private endedSinceMs: number;
  private ratePerSecond = 0;

  /** @param max jobs of all clients that may be with the hub, whatever its queue: bounds memory */
  constructor(
    private readonly hub: Pick<Hub, 'jobsWaiting'>,
    readonly max: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.endedSinceMs = nowMs();
  }

  /** Jobs that the hub's queue can take without growing longer than it should; not positive when it is long enough. */
  get queueRoom(): number {
    return Math.min(this.max - this.used, this.waitingTarget() - this.hub.jobsWaiting);
  }

  /** Jobs that a client with so many outstanding may submit now. */
  room(outstanding: number): number {
    return Math.max(0, Math.min(this.max - this.used, Math.max(this.queueRoom, sparseJobsMax - outstanding)));
  }

  take(): void {
    this.used++;
  }

  /** A job has ended. Those who wait for room hear it, once. */
  release(): void {
    this.used--;
    this.ended++;
    if (this.waiting.length === 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const wake of waiting) wake();
  }

  /** Calls back once, when the next job has ended: there may be room then. */
  whenRoom(wake: () => void): void {
    this.waiting.push(wake);
  }

  private waitingTarget(): number {
    const nowMs = this.nowMs();
    const elapsedMs = nowMs - this.endedSinceMs;
    if (elapsedMs >= rateIntervalMs) {
      this.ratePerSecond += rateGain * ((this.ended * 1000) / elapsedMs - this.ratePerSecond);
      this.ended = 0;
      this.endedSinceMs = nowMs;
    }
    return Math.max(waitingTargetLeast, this.ratePerSecond * waitingTargetSeconds);
  }
}
