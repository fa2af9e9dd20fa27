import type { Hub } from '../hub/port/hub.js';
import { ClientDepth, shallowJobsMax } from './client-depth.js';
import { flushLingerMs } from './limits.js';

/**
 * Jobs that the hub's queue should hold, in seconds of what it gets done: a share of what the clients are ahead, enough
 * that no worker runs dry in between, and so little that a client with few jobs does not wait long behind the others.
 */
const waiting = { shareOfDepth: 1 / 8, secondsMin: 0.003, secondsMax: 0.03 };

/**
 * Work that each worker may hold while all clients are far ahead, in seconds. Each doubling halves the
 * wake-ups of every process: with 6 ms they took 5 us of CPU for a mined job of 20 us, with 30 ms 2 us. With
 * the other bounds of this file and the batches of the workers, 100 ms instead of 45 carried 0.85 instead of
 * 0.79 of what the bare kernels do.
 */
const window = { shareOfDepth: 0.6, secondsMax: 0.1 };

/** How long answers may wait for others to be written with them: well below the wait that the client has anyway. */
const linger = { shareOfDepth: 1 / 4, msMax: 40 };

/** Least length of the hub's queue: without it nothing would be measured to begin with. */
const waitingTargetMin = 128;

/** How long completions are counted before the rate is taken from them. */
const rateIntervalMs = 10;

/** Weight of the newest interval in the rate. */
const rateGain = 0.3;

/** What an admission may be told. */
export interface AdmissionOptions {
  /** Jobs of all clients that may be with the hub, whatever its queue: bounds memory. */
  readonly max: number;
  /** Clients take turns and the hub's queue is kept short. Without it, first come is first served. */
  readonly fair: boolean;
}

/** Who waits for something to change, for room say, and hears it once. */
export class WakeList {
  private wakes: (() => void)[] = [];

  add(wake: () => void): void {
    this.wakes.push(wake);
  }

  /** Those who wait hear it now; who waits again in answer hears the next change. */
  wake(): void {
    if (this.wakes.length === 0) return;
    const { wakes } = this;
    this.wakes = [];
    for (const wake of wakes) wake();
  }
}

/**
 * Decides how many jobs of a client may go to the hub now. The hub's queue is one line for everybody, so it
 * is kept short: who asks for much waits here, where clients take turns, and who asks for little finds the
 * line short. How short depends on how far ahead the clients are (ClientDepth), and so does how much each
 * worker may hold. All clients, TCP and gRPC, share one admission. Time is passed in.
 */
export class JobAdmission {
  readonly fair: boolean;
  /** Jobs of all clients that are with the hub. */
  used = 0;
  /** How long an answer may wait for others of its connection. */
  lingerMs = flushLingerMs;
  private readonly max: number;
  private readonly depth: ClientDepth;
  private readonly forRoom = new WakeList();
  private ended = 0;
  private measuredMs: number;
  private ratePerSecond = 0;
  private waitingSeconds = waiting.secondsMin;
  private deep = false;

  constructor(
    private readonly hub: Pick<Hub, 'jobsWaiting' | 'widenWindows'>,
    { max, fair }: AdmissionOptions,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.max = max;
    this.fair = fair;
    this.measuredMs = nowMs();
    this.depth = new ClientDepth(this.measuredMs);
  }

  /** Jobs that may be added to those with the hub, whatever its queue. */
  protected get left(): number {
    return this.max - this.used;
  }

  /** Jobs that the hub's queue can take without growing longer than it should; not positive when it is long enough. */
  get queueRoom(): number {
    const room = this.left;
    return this.fair ? Math.min(room, this.waitingTarget() - this.hub.jobsWaiting) : room;
  }

  /** Jobs that a client with so many outstanding may submit now. */
  room(outstanding: number): number {
    return Math.max(0, Math.min(this.left, Math.max(this.queueRoom, shallowJobsMax - outstanding)));
  }

  /**
   * A client has asked for more.
   * @param outstanding all that it has asked for and has no answer to, whether or not the hub has it yet
   * @param mark what this returned for it the last time, 0 at first
   */
  asked(outstanding: number, mark: number): number {
    const nowMs = this.nowMs();
    const next = this.depth.asked(outstanding, mark, nowMs);
    // Windows are not narrowed a measurement later than they could be.
    if (this.deep && outstanding <= shallowJobsMax) this.follow(nowMs);
    return next;
  }

  /** Whether a client that asks for few jobs at a time has asked lately, and is to find the line short. */
  get shallowClients(): boolean {
    return this.fair && this.depth.least(this.nowMs()) <= shallowJobsMax;
  }

  /** Whether the jobs of a client that has asked for so many go before those of others. */
  urgent(asked: number): boolean {
    return this.fair && asked <= shallowJobsMax;
  }

  take(): void {
    this.used++;
  }

  /** A job has ended. Those who wait for room hear it, once. */
  release(): void {
    this.used--;
    this.ended++;
    this.wake();
  }

  /** There may be room now. */
  wake(): void {
    this.forRoom.wake();
  }

  /** Calls back once, when the next job has ended: there may be room then. */
  whenRoom(wake: () => void): void {
    this.forRoom.add(wake);
  }

  private waitingTarget(): number {
    const nowMs = this.nowMs();
    const elapsedMs = nowMs - this.measuredMs;
    if (elapsedMs >= rateIntervalMs) {
      this.ratePerSecond += rateGain * ((this.ended * 1000) / elapsedMs - this.ratePerSecond);
      this.ended = 0;
      this.measuredMs = nowMs;
      this.follow(nowMs);
    }
    return Math.max(waitingTargetMin, this.ratePerSecond * this.waitingSeconds);
  }

  /** Sets what follows from how far ahead the clients are. */
  private follow(nowMs: number): void {
    const depth = this.depth.seconds(this.ratePerSecond, nowMs);
    this.deep = depth > 0;
    this.waitingSeconds = Math.min(waiting.secondsMax, Math.max(waiting.secondsMin, depth * waiting.shareOfDepth));
    this.lingerMs = Math.min(linger.msMax, Math.max(flushLingerMs, depth * linger.shareOfDepth * 1000));
    this.hub.widenWindows(Math.min(window.secondsMax, depth * window.shareOfDepth));
  }
}
