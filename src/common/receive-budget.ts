/**
 * One budget for the request messages of all calls of a server, in bytes. A message counts from its first
 * byte until its handler asks for the next one. Sockets and clocks are elsewhere: see receive-gate.ts.
 */

/** Messages of similar size, which wait for room only behind each other. */
export interface ReceiveLane {
  /** Messages up to this size belong to this lane, unless an earlier lane takes them. */
  readonly messageBytesMax: number;
  /** Bytes of all messages of the lane at once. */
  readonly bytesMax: number;
  /** Bytes of one connection at once; a single message is let in whatever its size. */
  readonly connectionBytesMax: number;
}

export interface ReceiveLimits {
  /** Messages up to this size are not counted: HTTP/2 lets a call hold as much anyway, in its window. */
  readonly freeBytes: number;
  /** Smallest first. Large messages must not keep ordinary ones waiting, so they have a lane of their own. */
  readonly lanes: readonly ReceiveLane[];
  /** Time for the whole of a counted message, beside that for its bytes. */
  readonly messageGraceMs: number;
  /** Bytes of it that must come in a second. A slower caller can send smaller messages, for which nothing waits. */
  readonly messageBytesPerSecondMin: number;
}

/**
 * 512 KiB is twice what 16,384 jobs (the default of --jobs-per-connection) or a part of a result take. The
 * lanes hold one message of 8 MiB and thirty-two of 512 KiB, so a server whose callers all send at once needs
 * 24 MiB for them, and as much again while pieces are put together.
 */
export const receiveLimitsDefault: ReceiveLimits = {
  freeBytes: 16 * 1024,
  lanes: [
    { messageBytesMax: 512 * 1024, bytesMax: 16 * 2 ** 20, connectionBytesMax: 4 * 2 ** 20 },
    { messageBytesMax: Infinity, bytesMax: 8 * 2 ** 20, connectionBytesMax: 8 * 2 ** 20 },
  ],
  messageGraceMs: 30_000,
  messageBytesPerSecondMin: 64 * 1024,
};

/** Room for one message: waited for, then held, then given back. */
export class Reservation {
  state: 'WAITING' | 'HELD' | 'RELEASED' = 'WAITING';

  constructor(
    private readonly budget: ReceiveBudget,
    readonly lane: number,
    readonly connection: string,
    /** Bytes reserved. */
    public bytes: number,
    private readonly granted: () => void,
  ) {}

  /** Only for the budget. */
  grant(): void {
    this.state = 'HELD';
    this.granted();
  }

  /** The message turned out to be smaller. */
  shrink(bytes: number): void {
    if (this.state !== 'HELD' || bytes >= this.bytes) return;
    this.budget.give(this, this.bytes - bytes);
    this.bytes = bytes;
  }

  /** Gives the room back, or stops waiting for it. May be called more than once. */
  release(): void {
    const { state } = this;
    this.state = 'RELEASED';
    if (state === 'WAITING') this.budget.forget(this);
    else if (state === 'HELD') this.budget.give(this, this.bytes);
  }
}

interface LaneState {
  used: number;
  readonly byConnection: Map<string, number>;
  readonly waiting: Set<Reservation>;
}

export class ReceiveBudget {
  private readonly lanes: readonly LaneState[];

  constructor(private readonly limits: ReceiveLimits = receiveLimitsDefault) {
    this.lanes = limits.lanes.map(() => ({ used: 0, byConnection: new Map(), waiting: new Set() }));
  }

  /** Bytes of messages that are held now. */
  get bytesHeld(): number {
    return this.lanes.reduce((sum, { used }) => sum + used, 0);
  }

  /** Calls that wait for room. */
  get callsWaiting(): number {
    return this.lanes.reduce((sum, { waiting }) => sum + waiting.size, 0);
  }

  /** Time that a caller has for a message. */
  messageTimeoutMs(bytes: number): number {
    return Math.round(this.limits.messageGraceMs + (bytes / this.limits.messageBytesPerSecondMin) * 1000);
  }

  isFree(bytes: number): boolean {
    return bytes <= this.limits.freeBytes;
  }

  /** Asks for room for a message; `granted` is called when it is there, which may be before this returns. */
  reserve(bytes: number, connection: string, granted: () => void): Reservation {
    const lane = this.limits.lanes.findIndex(({ messageBytesMax }) => bytes <= messageBytesMax);
    const reservation = new Reservation(this, lane, connection, bytes, granted);
    this.lanes[lane].waiting.add(reservation);
    this.serve(lane);
    return reservation;
  }

  /** Only for reservations. */
  give({ lane, connection }: Reservation, bytes: number): void {
    const state = this.lanes[lane];
    state.used -= bytes;
    const left = (state.byConnection.get(connection) ?? 0) - bytes;
    if (left > 0) state.byConnection.set(connection, left);
    else state.byConnection.delete(connection);
    this.serve(lane);
  }

  /** Only for reservations. */
  forget(reservation: Reservation): void {
    if (this.lanes[reservation.lane].waiting.delete(reservation)) this.serve(reservation.lane);
  }

  /** First come, first served; who has used up the share of his connection lets others pass. */
  private serve(lane: number): void {
    const { bytesMax, connectionBytesMax } = this.limits.lanes[lane];
    const state = this.lanes[lane];
    for (const reservation of state.waiting) {
      const { bytes, connection } = reservation;
      const own = state.byConnection.get(connection) ?? 0;
      if (own > 0 && own + bytes > connectionBytesMax) continue;
      if (state.used > 0 && state.used + bytes > bytesMax) return;
      state.waiting.delete(reservation);
      state.used += bytes;
      state.byConnection.set(connection, own + bytes);
      reservation.grant();
    }
  }
}
