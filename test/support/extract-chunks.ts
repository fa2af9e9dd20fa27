import { ExtractOrder, type ExtractPiece, type ExtractTask } from '../../src/pcap/extract-order.js';
import { Extractor, type ExtractOptions, type ExtractOutcome } from '../../src/pcap/extractor.js';
import type { ChunkPlan } from '../../src/pcap/types.js';
import { TriremeError } from '../../src/common/errors.js';
import { push, scanModule, type Pieces } from './engine.js';

/** What came out, and how it ended; or the error. */
export interface TakenOut {
  readonly bytes: Buffer;
  readonly outcome: Pick<ExtractOutcome, 'packets' | 'ofPackets' | 'damage' | 'cut' | 'end' | 'notACapture'> | string;
}

const endOf = ({ packets, ofPackets, damage, cut, end, notACapture }: ExtractOutcome): TakenOut['outcome'] => ({
  ...{ packets, ofPackets, damage, cut, end, notACapture },
});

/** Takes packets out of a capture in memory, in one pass. */
export function takeOut(file: Uint8Array, options: ExtractOptions, pieces?: Pieces): TakenOut {
  const out: Buffer[] = [];
  try {
    const extractor = new Extractor(scanModule, options, (bytes) => out.push(Buffer.from(bytes)));
    push(extractor, file, 0, pieces);
    return { outcome: endOf(extractor.end()), bytes: Buffer.concat(out) };
  } catch (error) {
    return { outcome: TriremeError.from(error).message, bytes: Buffer.concat(out) };
  }
}

type Piece = ExtractPiece & { readonly bytes: Buffer };

function pieceOf(file: Uint8Array, options: ExtractOptions, task: ExtractTask): Piece {
  const out: Buffer[] = [];
  const { plan, packetsMax } = task;
  const asked = { ...options, packetsMax: packetsMax ?? undefined };
  const extractor = new Extractor(scanModule, asked, (bytes) => out.push(Buffer.from(bytes)), plan);
  try {
    push(extractor, file, plan.start);
    const outcome = extractor.end();
    return { task, start: outcome.start, outcome, bytes: Buffer.concat(out) };
  } catch (error) {
    const { code, message } = TriremeError.from(error);
    return { task, start: extractor.start, outcome: { failure: { code, message } }, bytes: Buffer.alloc(0) };
  }
}

/**
 * The same chunk by chunk: some are begun ahead, and `choose` (below the number given) says which of those
 * that were begun comes next.
 */
export function takeOutInChunks(
  file: Uint8Array,
  options: ExtractOptions,
  plans: readonly ChunkPlan[],
  aheadMax: number,
  choose: (below: number) => number,
): TakenOut & { readonly tasks: number } {
  const order = new ExtractOrder<Piece>(plans, options.packetsMax ?? null);
  const out: Buffer[] = [];
  const begun: ExtractTask[] = [];
  let unjudged = 0;
  let tasks = 0;
  try {
    while (order.end === null) {
      for (let task; unjudged < aheadMax && (task = order.task()) !== null; unjudged++, tasks++) begun.push(task);
      if (begun.length === 0) throw new Error('nothing is begun, and the end is not reached');
      const [task] = begun.splice(choose(begun.length), 1);
      order.offer(pieceOf(file, options, task));
      for (let judged = order.judge(); judged !== null; judged = order.judge()) {
        unjudged--;
        if (judged.taken) out.push(judged.piece.bytes);
      }
    }
    const outcome = endOf({ ...order.end, packets: order.packets, ofPackets: order.ofPackets });
    return { outcome, bytes: Buffer.concat(out), tasks };
  } catch (error) {
    if (!(error instanceof TriremeError)) throw error;
    return { outcome: error.message, bytes: Buffer.concat(out), tasks };
  }
}
