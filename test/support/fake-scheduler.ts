import type { Scheduler } from '../../src/hub/port/scheduler.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A scheduler whose time moves only when told. */
export class FakeScheduler implements Scheduler {
  private time = 1000;
  private order = 0;
  private timers: Timer[] = [];
  private turn: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  wallMs(): number {
    return this.time * 1000;
  }

  soon(run: () => void): void {
    this.turn.push(run);
  }

  after(seconds: number, run: () => void): () => void {
    const timer: Timer = { at: this.time + seconds, order: this.order++, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Timers that have not run and were not taken back. */
  get pending(): number {
    return this.timers.length;
  }

  /** Ends the turn of the event loop: what was to run soon runs, until nothing is left. */
  endTurn(): void {
    while (this.turn.length > 0) {
      const turn = this.turn;
      this.turn = [];
      for (const run of turn) run();
    }
  }

  /** Moves time, running timers in order, each in a turn of its own. */
  advance(seconds: number): void {
    this.endTurn();
    const until = this.time + seconds;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
      this.endTurn();
    }
    this.time = until;
  }

  /** Time passes without a timer running: the process stood still. */
  standStill(seconds: number): void {
    this.time += seconds;
  }
}
