import { TriremeError, type ErrorCode } from '../common/errors.js';
import type { ExtractOutcome } from './extractor.js';
import { readsAlike } from './read-state.js';
import type { ChunkPlan, ReadState } from './types.js';

/** One chunk to take packets out of. */
export interface ExtractTask {
  /** Which of the chunks it is, from 0. */
  readonly number: number;
  readonly plan: ChunkPlan;
  /** Packets at most; null: all. */
  readonly packetsMax: bigint | null;
}

/** What came of a task: how it ended, or why it failed, which matters only where the chunk began right. */
export interface ExtractPiece {
  readonly task: ExtractTask;
  /** First record that was read; null: none was found. */
  readonly start: number | null;
  readonly outcome: ExtractOutcome | { readonly failure: { readonly code: ErrorCode; readonly message: string } };
}

/** A piece whose turn has come: it is the next part of the output, or it is not to be used. */
export interface Judged<Piece> {
  readonly piece: Piece;
  readonly taken: boolean;
}

/** What is left out before a chunk: its packets cannot match, and the one before it ends where they begin. */
export interface Gap {
  readonly from: number;
  /** Packets from the end of the last gap to the start of this one. */
  readonly packetsBefore: number;
  readonly packets: number;
}

/** Guesses that may fail before chunks are no longer begun ahead of what is proven. */
const wrongStartsMax = 3;

const endOf = ({ end }: ChunkPlan): number => end ?? Infinity;

/**
 * The order in which chunks of one capture are taken out and put together. Chunks are begun before it is
 * proven where their first record begins; a piece is used when it begins where the one before it ended and
 * was read in the state in force there, and its chunk is a task again otherwise. So what is put together is
 * what one pass over the capture takes.
 */
export class ExtractOrder<Piece extends ExtractPiece> {
  private next = 0;
  private current = 0;
  private redo: ExtractTask | null = null;
  /** Of chunks from `current` on. */
  private readonly pieces = new Map<number, Piece>();
  private readonly passed: Piece[] = [];
  private frontier = 0;
  private state: ReadState | null = null;
  private wrongStarts = 0;
  private ended: ExtractOutcome | null = null;
  private packetsTaken = 0n;
  private packetsSeen = 0n;

  /** Packets that were looked at since the last gap. */
  private sinceGap = 0n;

  /**
   * @param packetsMax packets of the whole output at most; null: all
   * @param gaps by the number of the chunk behind each, which begins for certain
   */
  constructor(
    private readonly plans: readonly ChunkPlan[],
    private readonly packetsMax: bigint | null,
    private readonly gaps: ReadonlyMap<number, Gap> = new Map(),
  ) {}

  /** How the last piece of the output ended; null: there is more to come. */
  get end(): ExtractOutcome | null {
    return this.ended;
  }

  get packets(): bigint {
    return this.packetsTaken;
  }

  get ofPackets(): bigint {
    return this.packetsSeen;
  }

  /** Bytes of the capture whose packets are taken. */
  get provenBytes(): number {
    return this.frontier;
  }

  /** What to do next; null: nothing before other pieces are there. */
  task(): ExtractTask | null {
    if (this.ended !== null) return null;
    const { redo } = this;
    this.redo = null;
    if (redo !== null) return redo;
    while (this.next < this.plans.length && endOf(this.plans[this.next]) <= this.frontier) this.next++;
    const number = this.next;
    if (number >= this.plans.length) return null;
    const plan = this.plans[number];
    if (this.wrongStarts > wrongStartsMax) {
      if (number > this.current) return null;
      this.next++;
      return this.certain(number);
    }
    this.next++;
    // Interfaces that were met since the file's head are described to chunks begun from here on.
    const state = plan.state === null || plan.startCertain ? plan.state : (this.state ?? plan.state);
    return { number, plan: { ...plan, state }, packetsMax: this.packetsMax };
  }

  /** A piece has come, in any order. */
  offer(piece: Piece): void {
    const { number } = piece.task;
    if (this.ended !== null || number < this.current) this.passed.push(piece);
    else this.pieces.set(number, piece);
  }

  /**
   * The next piece that is judged; null: none is before others have come. Each piece is judged once.
   * @throws the failure of a chunk that began right
   */
  judge(): Judged<Piece> | null {
    const passed = this.passed.pop();
    if (passed !== undefined) return { piece: passed, taken: false };
    if (this.ended === null) this.leap();
    if (this.ended === null)
      while (this.current < this.plans.length && endOf(this.plans[this.current]) <= this.frontier) {
        const skipped = this.pieces.get(this.current++);
        if (skipped !== undefined) return this.refused(skipped);
      }
    const piece = this.pieces.get(this.ended === null ? this.current : [...this.pieces.keys()][0]);
    if (piece === undefined) return null;
    if (this.ended !== null) return this.refused(piece);
    return this.judgeNext(piece);
  }

  /** Over what is left out before the current chunk. */
  private leap(): void {
    const gap = this.gaps.get(this.current);
    if (gap === undefined || this.frontier >= this.plans[this.current].start) return;
    const { start, state } = this.plans[this.current];
    if (this.frontier !== gap.from || this.sinceGap !== BigInt(gap.packetsBefore))
      throw new TriremeError('FILE_CHANGED', `the capture is not as its index says before ${gap.from}`);
    this.frontier = start;
    this.state = state;
    this.packetsSeen += BigInt(gap.packets);
    this.sinceGap = 0n;
  }

  private judgeNext(piece: Piece): Judged<Piece> {
    const { task, start, outcome } = piece;
    const { state } = task.plan;
    const plain = 'failure' in outcome ? false : outcome.plain;
    if (start !== this.frontier || !readsAlike(state, this.state, plain)) {
      if (start !== this.frontier) this.wrongStarts++;
      this.redo = this.certain(task.number);
      return this.refused(piece);
    }
    if ('failure' in outcome) throw new TriremeError(outcome.failure.code, outcome.failure.message);
    const left = this.left();
    // It holds the last packet that is wanted, and went on behind it.
    if (left !== null && outcome.packets >= left && task.packetsMax !== left) {
      this.redo = this.certain(task.number);
      return this.refused(piece);
    }
    this.pieces.delete(task.number);
    this.current++;
    this.frontier = outcome.end;
    // Without anything described in the chunk, the state at its end is the one proven at its start.
    if (state === null || !outcome.plain) this.state = outcome.endState;
    this.packetsTaken += outcome.packets;
    this.packetsSeen += outcome.ofPackets;
    this.sinceGap += outcome.ofPackets;
    const last =
      this.current === this.plans.length ||
      outcome.damage !== null ||
      outcome.notACapture !== null ||
      outcome.endOfInput ||
      this.packetsTaken === this.packetsMax;
    const early = this.current < this.plans.length && this.packetsTaken !== this.packetsMax;
    if (last && early && this.gaps.size > 0)
      throw new TriremeError('FILE_CHANGED', `the capture is not as its index says at ${outcome.end}`);
    if (last) this.ended = outcome;
    return { piece, taken: true };
  }

  private refused(piece: Piece): Judged<Piece> {
    this.pieces.delete(piece.task.number);
    return { piece, taken: false };
  }

  /** The task of a chunk that begins where the one before it ended. */
  private certain(number: number): ExtractTask {
    const end = this.plans[number].end;
    const plan = { start: this.frontier, end, startCertain: true, state: this.state };
    return { number, plan, packetsMax: this.left() };
  }

  /** Packets that are still wanted; null: all. */
  private left(): bigint | null {
    return this.packetsMax === null ? null : this.packetsMax - this.packetsTaken;
  }
}
