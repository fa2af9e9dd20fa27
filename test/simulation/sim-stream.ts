import type { HubMessage, WorkerMessage } from '../../src/gen/trireme/v1/worker.js';
import type { WorkerStream, WorkerStreamEvents } from '../../src/hub/port/worker-stream.js';
import type { ProcessTime, SimTime } from './sim-time.js';

/** The worker's side of a stream. */
export interface StreamUser {
  hear(stream: SimStream, message: NonNullable<HubMessage['message']>): void;
  /** The hub ended the stream, or nothing comes through any more. */
  ended(stream: SimStream): void;
}

/**
 * A stream through a simulated network: each message takes a while, none overtakes another, and either end may vanish.
 */
export class SimStream implements WorkerStream {
  readonly address: string;
  /** Of the hub's process, as its Welcome said. */
  incarnation = 0;
  /** Ids of all jobs that came through it, where its worker wants to know them. */
  readonly given = new Set<number>();
  private events: WorkerStreamEvents | null = null;
  /** The hub's process: what comes after its end is heard by nobody. */
  private process: ProcessTime | null = null;
  private hubOpen = true;
  private workerOpen = true;
  private lastUp = 0;
  private lastDown = 0;
  private closedTold = false;

  constructor(
    private readonly time: SimTime,
    private readonly random: () => number,
    private readonly delaySeconds: number,
    private readonly user: StreamUser,
    name: string,
  ) {
    this.address = `simulated:${name}`;
  }

  /** The hub accepted the stream. */
  open(events: WorkerStreamEvents, process: ProcessTime): void {
    this.events = events;
    this.process = process;
  }

  /** From the hub. */
  send(message: HubMessage): boolean {
    if (!this.hubOpen) return true;
    this.lastDown = this.arrival(this.lastDown);
    this.time.after(this.lastDown - this.time.now(), () => {
      if (this.workerOpen && message.message !== undefined) this.user.hear(this, message.message);
    });
    if (this.random() < 0.995) return true;
    this.time.after(this.random() * 5e-3, () => {
      if (this.hubOpen && this.process?.killed === false) this.events?.drained();
    });
    return false;
  }

  /** By the hub. */
  close(): void {
    if (!this.hubOpen) return;
    this.hubOpen = false;
    this.time.soon(() => this.tell('closed by the hub'));
    this.time.after(this.delaySeconds, () => this.endWorker());
  }

  /** From the worker. */
  say(message: WorkerMessage['message']): void {
    if (!this.workerOpen) return;
    this.lastUp = this.arrival(this.lastUp);
    this.time.after(this.lastUp - this.time.now(), () => {
      if (this.hubOpen && this.process?.killed === false) this.events?.received({ message });
    });
  }

  /** The worker ends it in order. */
  end(): void {
    this.workerOpen = false;
    this.lastUp = this.arrival(this.lastUp);
    this.time.after(this.lastUp - this.time.now(), () => this.endHub('the worker ended its stream'));
  }

  /** The connection breaks. Not noticed by the hub: its messages vanish until it gives the worker up. */
  break(noticed: boolean): void {
    this.workerOpen = false;
    if (noticed) this.time.after(this.delaySeconds, () => this.endHub('connection reset'));
  }

  /** The hub's process is gone. */
  hubDies(): void {
    this.hubOpen = false;
    this.closedTold = true;
    this.time.after(this.delaySeconds, () => this.endWorker());
  }

  private endHub(reason: string): void {
    if (!this.hubOpen) return;
    this.hubOpen = false;
    this.tell(reason);
  }

  private tell(reason: string): void {
    if (this.closedTold || this.process?.killed === true) return;
    this.closedTold = true;
    this.events?.closed(reason);
  }

  private endWorker(): void {
    if (!this.workerOpen) return;
    this.workerOpen = false;
    this.user.ended(this);
  }

  private arrival(last: number): number {
    // A little after the one before: events of one time run in no order.
    return Math.max(last + 1e-9, this.time.now() + this.delaySeconds * (1 + this.random()));
  }
}
