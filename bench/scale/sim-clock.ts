import type { Scheduler } from '../../src/hub/port/scheduler.js';
import { EventQueue } from '../policy/event-queue.js';

/** Simulated time: it moves to the next event as soon as all that is due has run. */
export class SimClock implements Scheduler {
  private seconds = 1000;
  private readonly queue = new EventQueue();
  private readonly events = new Map<number, () => void>();
  private order = 0;
  private turn: (() => void)[] = [];

  now(): number {
    return this.seconds;
  }

  wallMs(): number {
    return this.seconds * 1000;
  }

  soon(run: () => void): void {
    this.turn.push(run);
  }

  after(seconds: number, run: () => void): () => void {
    const id = this.order++;
    this.events.set(id, run);
    this.queue.push(this.seconds + seconds, id);
    return () => this.events.delete(id);
  }

  /**
   * Runs events until the condition holds, for at most so many simulated seconds. Each event is a turn of the
   * event loop.
   */
  runUntil(condition: () => boolean, secondsMost: number): void {
    const until = this.seconds + secondsMost;
    this.endTurn();
    while (!condition()) {
      if (this.queue.next > until) throw new Error(`nothing came of it in ${secondsMost} simulated seconds`);
      this.seconds = Math.max(this.seconds, this.queue.next);
      const id = this.queue.pop();
      const run = this.events.get(id);
      this.events.delete(id);
      run?.();
      this.endTurn();
    }
  }

  private endTurn(): void {
    while (this.turn.length > 0) {
      const turn = this.turn;
      this.turn = [];
      for (const run of turn) run();
    }
  }
}
