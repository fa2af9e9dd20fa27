import type { Consumer, JsMsg } from '@nats-io/jetstream';
import { pause } from '../../nats/nats-link.js';
import { payloadBytesPerClientMax } from '../payload-budget.js';
import { roomFor } from './decisions.js';

/** One request for jobs waits so long at the server. */
const pullMs = 2_000;

/** How long what a kind's workers can do is taken as it was. */
const slotsKeptMs = 250;

/** After a request that failed. */
const failedPauseMs = 1_000;

/** A job of a kind of which none has ended takes so long: two for each slot are taken then. */
const meanSecondsFirst = 1;

/** Weight of the newest job in the mean. */
const meanGain = 0.1;

/** What the requests of a kind need of all. */
export interface PullPort {
  /** Jobs of all kinds that may be taken now. */
  readonly free: number;
  /** Bytes of the jobs that were taken. */
  readonly bytes: number;
  readonly closing: boolean;
  /** Slots of the workers that offer the kind now, and bytes of the longest payload that it takes. */
  capacity(kind: string): { readonly slots: number; readonly payloadBytesMax: number };
  consumer(kind: string): Promise<Consumer>;
  /** So many more are asked for; negative: fewer. */
  reserve(count: number): void;
  take(message: JsMsg): void;
  /** Resolves when a job has ended, or after so long. */
  change(ms: number): Promise<void>;
  failed(error: unknown): void;
}

/**
 * Takes the jobs of one kind from the queue, no more than its workers have done soon: the rest is for other
 * load balancers.
 */
export class KindPull {
  inFlight = 0;
  /** Jobs that wait at NATS, as it said last. */
  waiting = 0;
  /** When its consumer was made. */
  consumerSinceMs = 0;
  private meanSeconds = meanSecondsFirst;
  /** Jobs of the next request: few while few come, since what is asked for cannot be asked for elsewhere. */
  private next = 1;
  private stopPull: () => void = () => undefined;
  private capacityMs = -Infinity;
  private capacity = { slots: 0, payloadBytesMax: 0 };

  constructor(
    readonly kind: string,
    private readonly port: PullPort,
  ) {}

  took(seconds: number): void {
    this.meanSeconds += meanGain * (seconds - this.meanSeconds);
  }

  stop(): void {
    this.stopPull();
  }

  /** Resolves when the kind has no workers any more, or when all ends. */
  async run(): Promise<void> {
    const { port } = this;
    let consumer: Consumer | null = null;
    while (!port.closing) {
      const room = this.room();
      if (this.capacity.slots === 0) return;
      if (room === 0) {
        await port.change(slotsKeptMs);
        continue;
      }
      try {
        consumer ??= await port.consumer(this.kind);
        await this.pull(consumer, room);
      } catch (error) {
        consumer = null;
        port.failed(error);
        await pause(failedPauseMs);
      }
    }
  }

  /** Jobs of the next request: what fits beside those that are here, of the longest payloads, or one. */
  private room(): number {
    const { port, meanSeconds, inFlight } = this;
    const nowMs = performance.now();
    if (nowMs - this.capacityMs > slotsKeptMs) [this.capacity, this.capacityMs] = [port.capacity(this.kind), nowMs];
    const { slots, payloadBytesMax } = this.capacity;
    const bytesLeft = payloadBytesPerClientMax - port.bytes;
    if (bytesLeft <= 0) return 0;
    const fit = Math.max(1, Math.floor(bytesLeft / Math.max(1, payloadBytesMax)));
    return Math.max(0, Math.min(roomFor({ slots, meanSeconds, inFlight }), port.free, this.next, fit));
  }

  private async pull(consumer: Consumer, count: number): Promise<void> {
    const { port } = this;
    let left = count;
    const beganMs = performance.now();
    port.reserve(count);
    try {
      const messages = await consumer.fetch({ max_messages: count, expires: pullMs });
      this.stopPull = () => void messages.close();
      if (port.closing) this.stopPull();
      for await (const message of messages) {
        port.reserve(-1);
        left--;
        port.take(message);
      }
      // A consumer that is gone, or that has no leader, answers at once.
      if (left === count && !port.closing && performance.now() - beganMs < pullMs / 2)
        throw new Error('no consumer answers');
      this.next = left === 0 ? 2 * count : Math.max(1, count - left);
    } finally {
      this.stopPull = () => undefined;
      port.reserve(-left);
    }
  }
}
