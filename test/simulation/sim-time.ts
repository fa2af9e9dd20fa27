import { EventQueue } from '../../bench/policy/event-queue.js';
import type { Scheduler } from '../../src/hub/port/scheduler.js';

/** Events of one run at most: a run that needs more goes round in circles. */
const eventsMax = 200_000_000;

/**
 * Simulated time: it moves to the next event as soon as all that is due has run. Each event is a turn of the
 * event loop of whatever it belongs to.
 */
export class SimTime implements Scheduler {
  events = 0;
  private seconds = 1000;
  /** By how much the calendar is ahead of it. */
  private wallOffsetMs = 1_760_000_000_000;
  private readonly queue = new EventQueue();
  private readonly runs: ((() => void) | null)[] = [];
  private readonly free: number[] = [];
  private turn: (() => void)[] = [];

  now(): number {
    return this.seconds;
  }

  wallMs(): number {
    return this.seconds * 1000 + this.wallOffsetMs;
  }

  soon(run: () => void): void {
    this.turn.push(run);
  }

  after(seconds: number, run: () => void): () => void {
    const slot = this.free.pop() ?? this.runs.length;
    this.runs[slot] = run;
    this.queue.push(this.seconds + Math.max(0, seconds), slot);
    return () => {
      if (this.runs[slot] === run) this.runs[slot] = null;
    };
  }

  /** The calendar is set to another time. */
  stepWall(ms: number): void {
    this.wallOffsetMs += ms;
  }

  /** The hub's process does not run for so long, and then runs all that is late at once. */
  standStill(seconds: number): void {
    this.seconds += seconds;
  }

  /** Runs events until the condition holds; false: it did not within so many simulated seconds. */
  runUntil(condition: () => boolean, secondsMost: number): boolean {
    const until = this.seconds + secondsMost;
    this.endTurn();
    while (!condition()) {
      if (this.queue.next > until) {
        this.seconds = Math.max(this.seconds, until);
        return false;
      }
      if (this.seconds > until) return false;
      if (++this.events > eventsMax) throw new Error(`${eventsMax} events and no end`);
      this.seconds = Math.max(this.seconds, this.queue.next);
      const slot = this.queue.pop();
      const run = this.runs[slot];
      this.runs[slot] = null;
      this.free.push(slot);
      if (run === null) continue;
      run();
      this.endTurn();
    }
    return true;
  }

  private endTurn(): void {
    while (this.turn.length > 0) {
      const turn = this.turn;
      this.turn = [];
      for (const run of turn) run();
    }
  }
}

/** The time of one process: when it is killed nothing of it runs any more. */
export class ProcessTime implements Scheduler {
  killed = false;

  constructor(private readonly time: SimTime) {}

  now(): number {
    return this.time.now();
  }

  wallMs(): number {
    return this.time.wallMs();
  }

  soon(run: () => void): void {
    this.time.soon(() => {
      if (!this.killed) run();
    });
  }

  after(seconds: number, run: () => void): () => void {
    return this.time.after(seconds, () => {
      if (!this.killed) run();
    });
  }
}
