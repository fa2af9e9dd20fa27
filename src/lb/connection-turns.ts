import { shallowJobsMax } from './client-depth.js';
import type { JobAdmission } from './job-admission.js';
import type { LbLimits } from './limits.js';

/** A connection, as far as its turns go. */
export interface TurnTaker {
  /** Its turn to write answers has come: LINGERS, it waits a moment for more of them and wants another one. */
  flushTurn(): 'DONE' | 'LINGERS';
  /** Its turn to decode has come. @returns the numbers decoded */
  decodeTurn(): number;
}

/**
 * When each connection of a front writes its answers and decodes its bytes: once per turn of the event loop,
 * and decoding in turns while others wait. A connection knows whether it is on a list here; it is put on one
 * only when it is on none.
 */
export class ConnectionTurns {
  private toFlush: TurnTaker[] = [];
  private readonly toDecode: TurnTaker[] = [];
  private lingering: TurnTaker[] = [];
  private lingerTimer: NodeJS.Timeout | undefined;
  private scheduled = false;
  private roomAwaited = false;

  constructor(
    private readonly admission: JobAdmission,
    private readonly limits: LbLimits,
  ) {}

  /**
   * Numbers that a connection may decode in its turn: a few while others wait for theirs, and many while nobody does.
   */
  get jobsPerTurn(): number {
    return this.toDecode.length === 0 || !this.admission.fair ? this.limits.jobsPerTurnMax : shallowJobsMax;
  }

  /** Has the connection write its answers at the end of this turn of the event loop. */
  flushLater(connection: TurnTaker): void {
    this.toFlush.push(connection);
    this.schedule();
  }

  /** Lets the connection decode the bytes that it has left, in its turn. */
  decodeLater(connection: TurnTaker): void {
    this.toDecode.push(connection);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.turn);
  }

  private readonly turn = (): void => {
    this.scheduled = false;
    const { toFlush } = this;
    this.toFlush = [];
    for (const connection of toFlush) if (connection.flushTurn() === 'LINGERS') this.linger(connection);
    this.decodeTurns();
  };

  /** Comes back to a connection a moment later, when more of its answers have come. */
  private linger(connection: TurnTaker): void {
    this.lingering.push(connection);
    this.lingerTimer ??= setTimeout(() => {
      this.lingerTimer = undefined;
      for (const connection of this.lingering) this.toFlush.push(connection);
      this.lingering = [];
      this.turn();
    }, this.admission.lingerMs);
  }

  /** Lets the connections that wait take turns, a few jobs each, as long as the hub's queue has room. */
  private decodeTurns(): void {
    const { toDecode, admission } = this;
    let served = 0;
    let jobsLeft = this.limits.jobsPerTurnMax;
    while (served < toDecode.length && jobsLeft > 0 && admission.queueRoom > 0) {
      jobsLeft -= Math.max(1, toDecode[served++].decodeTurn());
    }
    toDecode.splice(0, served);
    if (toDecode.length === 0) return;
    if (admission.queueRoom > 0) this.schedule();
    else this.awaitRoom();
  }

  private awaitRoom(): void {
    if (this.roomAwaited) return;
    this.roomAwaited = true;
    this.admission.whenRoom(() => {
      this.roomAwaited = false;
      this.schedule();
    });
  }
}
