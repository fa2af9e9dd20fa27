import { TriremeError } from '../common/errors.js';
import { endChunk } from './chunk-outcome.js';
import { wholeFilePlan } from './chunk-plans.js';
import { Kernel, phases } from './kernel.js';
import { cells } from './partial-layout.js';
import type { PieceIndex } from './pieces/piece-index.js';
import type { PieceMeter } from './pieces/piece-meter.js';
import type { ChunkPlan, ChunkResult, ScanOptions, TimeSpan } from './types.js';

/** Which packets are taken. */
export interface ExtractOptions {
  /** pcap-filter(7); undefined: all. */
  readonly filter?: string;
  readonly filterTags?: 'transparent';
  readonly span?: TimeSpan;
  /** Packets at most; undefined: all. */
  readonly packetsMax?: bigint;
}

/** How the extraction from a chunk ended, and the packets taken and those that were looked at. */
export interface ExtractOutcome extends Omit<ChunkResult, 'partial'> {
  readonly packets: bigint;
  readonly ofPackets: bigint;
  /** No interface and no section begins in the chunk. */
  readonly plain: boolean;
}

/**
 * What was wrong with a capture, for people; null: nothing, or it is behind the last packet that was wanted.
 * @param packetsMax packets at most; undefined: all
 */
export function complaintOf(
  outcome: Pick<ChunkResult, 'damage' | 'cut' | 'end'> & { packets?: bigint; inputDamage?: string | null },
  packetsMax?: bigint,
): string | null {
  const { damage, cut, end, packets, inputDamage = null } = outcome;
  if (packetsMax !== undefined && packets === packetsMax) return null;
  if (damage !== null) return `damaged: ${damage.detail}`;
  if (inputDamage !== null) return `damaged: ${inputDamage}`;
  return cut === null ? null : `cut short in the record at offset ${end}`;
}

const allPackets = (1n << 64n) - 1n;

/** The options of a scan that only looks at packets. */
export function scanOptionsOf({ filter, filterTags, span }: ExtractOptions): ScanOptions {
  return { intervalNs: null, conversationsMax: 1, connection: null, filter, filterTags, span };
}

/**
 * Takes the packets that match out of a capture or a chunk of it, byte for byte and in order, with the header
 * of a classic capture and all other blocks of a pcapng one; nothing behind the last one that is wanted. Push
 * style, as ChunkScanner; what is taken goes to `onBytes` after each filling, or once `gatherBytes` are
 * there, and is valid until that returns.
 */
export class Extractor {
  private readonly kernel: Kernel;
  private pushed = 0;
  private meter: PieceMeter | null = null;
  private indexed: PieceIndex | null = null;

  constructor(
    module: WebAssembly.Module,
    options: ExtractOptions,
    private readonly onBytes: (bytes: Uint8Array) => void,
    private readonly plan: ChunkPlan = wholeFilePlan,
    private readonly gatherBytes = 0,
  ) {
    const { state } = plan;
    this.kernel = Kernel.acquire(module, scanOptionsOf(options));
    this.kernel.exports.setExtracting(options.packetsMax ?? allPackets, gatherBytes);
    if (state !== null) this.kernel.installState(state);
    // Where no time is asked for, none has to be right.
    else if (options.span !== undefined) this.kernel.exports.beginClock(false);
    this.kernel.beginPlan(plan);
  }

  /** To be called before the first byte of a whole file of which all is read: its pieces are noted for an index. */
  keepIndex(pieceBytes?: number): void {
    const { PieceMeter } = require('./pieces/piece-meter.js') as typeof import('./pieces/piece-meter.js');
    this.meter = new PieceMeter(this.kernel, false, pieceBytes);
    this.kernel.exports.beginClock(false);
    this.kernel.exports.setLimit(this.meter.limit);
  }

  /** The index of a capture that was read to its end; null: none was kept. */
  get index(): PieceIndex | null {
    return this.indexed;
  }

  space(): Uint8Array {
    return this.kernel.space();
  }

  filled(bytes: number): void {
    this.pushed += bytes;
    this.kernel.filled(bytes);
    this.meter?.next();
    this.take(this.gatherBytes);
  }

  /** Its chunk or damage or a foreign header ended it, or all packets that were wanted are there. */
  get done(): boolean {
    return this.kernel.done;
  }

  /** Where the first record that was read begins; null: none was found yet. */
  get start(): number | null {
    const { exports } = this.kernel;
    const phase = exports.phaseNow();
    return phase === phases.search || phase === phases.notFound ? null : Number(exports.startPosition());
  }

  /** Ends it: how the capture or the chunk ended. */
  end(): ExtractOutcome {
    const outcome = endChunk(this.kernel, this.plan, this.pushed);
    this.take(0);
    if (this.meter !== null && outcome.notACapture === null) this.indexed = this.meter.end();
    const result = {
      ...outcome,
      packets: BigInt.asUintN(64, this.kernel.exports.keptPackets.value),
      ofPackets: this.kernel.cell(cells.examined),
      plain:
        outcome.damage === null && this.kernel.cell(cells.interfaces) === 0n && this.kernel.cell(cells.sections) === 0n,
    };
    this.kernel.release();
    return result;
  }

  private take(least: number): void {
    const { exports } = this.kernel;
    const length = BigInt.asUintN(64, exports.longRecord.value);
    if (length > 0n)
      throw new TriremeError(
        'LIMIT_REACHED',
        `a record of ${length} bytes is over the ${exports.WINDOW_BYTES.value} that can be taken out whole`,
      );
    const bytes = exports.takeExtracted(least) >>> 0;
    if (bytes > 0) this.onBytes(this.kernel.bytes(exports.extractedAt(), bytes));
  }
}
