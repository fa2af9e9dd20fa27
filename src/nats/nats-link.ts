import type { NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../common/errors.js';

/** A process that starts while the servers elect a leader waits so long for them. */
export const openMsMax = 20_000;

/** Pause between two tries to open what is kept at NATS. */
const openAgainMs = 1_000;

/** Pause between two tries of one request. */
export const retryMs = 300;

/** JetStream's word for a compare-and-set that came too late, and for a key that is there already. */
const wrongLastSequence = 10071;

export function isConflict(error: unknown): boolean {
  return (error as { code?: number }).code === wrongLastSequence || /wrong last sequence/i.test(String(error));
}

/** Whether NATS is there, and waiting for it. */
export class NatsLink {
  private connected = true;
  private ended = false;
  /** Monotonic ms at which the connection came back last. */
  backSinceMs = -Infinity;

  constructor(
    private readonly connection: NatsConnection,
    readonly shown: string,
    onChange: (connected: boolean) => void,
  ) {
    void this.listen(onChange);
  }

  get trouble(): string | null {
    return this.connected ? null : `${this.shown} cannot be reached at the moment: ask again later`;
  }

  /** Waits fail from now on. */
  end(): void {
    this.ended = true;
  }

  get over(): boolean {
    return this.ended || this.connection.isClosed();
  }

  /** Tries until it works, as long as it may. Conflicts are answers and are thrown at once. */
  async until<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (isConflict(error) || error instanceof TriremeError) throw error;
        if (this.over) throw this.failure(error);
        await pause(retryMs);
      }
    }
  }

  /** Tries once; what NATS says against it is told as ours. */
  async once<T>(work: () => Promise<T>): Promise<T> {
    if (!this.connected) throw new TriremeError('STATE_FAILED', this.trouble as string);
    try {
      return await work();
    } catch (error) {
      if (isConflict(error) || error instanceof TriremeError) throw error;
      throw this.failure(error);
    }
  }

  /** What NATS said against a request, as it is told to callers. */
  explain(error: unknown): string {
    const { message, name } = error as Error;
    // It was switched on when streams were opened: what the client calls so is a cluster between two leaders, or a
    // stream that is gone and about to be made anew.
    const words = name === 'JetStreamNotEnabled' ? 'its servers have no leader at the moment' : message || name;
    return `${this.shown} does not answer: ${words}: ask again later`;
  }

  private failure(error: unknown): TriremeError {
    return new TriremeError('STATE_FAILED', this.explain(error), { cause: error });
  }

  private async listen(onChange: (connected: boolean) => void): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type !== 'disconnect' && type !== 'reconnect') continue;
      this.connected = type === 'reconnect';
      if (this.connected) this.backSinceMs = performance.now();
      onChange(this.connected);
    }
  }
}

/** Tries until it works or the time is up. Credentials that may not are refused at once. */
export async function openInTime<T>(open: () => Promise<T>, untilMs: number): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (performance.now() > untilMs || /permissions violation/i.test(String(error))) throw error;
      await pause(openAgainMs);
    }
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
