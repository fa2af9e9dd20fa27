import { TriremeError } from '../common/errors.js';
import { endChunk } from './chunk-outcome.js';
import { wholeFilePlan } from './chunk-plans.js';
import { Kernel, noLimit, phases } from './kernel.js';
import { cells } from './partial-layout.js';
import type { Outcome } from './report.js';
import type { ScanOptions, TimeSpan } from './types.js';

/** Which packets are taken. */
export interface ExtractOptions {
  /** pcap-filter(7); undefined: all. */
  readonly filter?: string;
  readonly span?: TimeSpan;
  /** Packets at most; undefined: all. */
  readonly packetsMax?: bigint;
}

const allPackets = (1n << 64n) - 1n;

/**
 * Takes the packets that match out of a capture, byte for byte and in order, with the header of a classic capture and all
 * other blocks of a pcapng one. Push style, as ChunkScanner; what is taken goes to `onBytes` after each filling, and is
 * valid until that returns.
 */
export class Extractor {
  private readonly kernel: Kernel;
  private pushed = 0;

  constructor(
    module: WebAssembly.Module,
    private readonly options: ExtractOptions,
    private readonly onBytes: (bytes: Uint8Array) => void,
  ) {
    const { filter, span, packetsMax = allPackets } = options;
    const scan: ScanOptions = { intervalNs: null, conversationsMax: 1, connection: null, filter, span };
    this.kernel = Kernel.acquire(module, scan);
    this.kernel.exports.setExtracting(packetsMax);
    this.kernel.exports.beginWindow(0n, noLimit, phases.header, 0);
  }

  space(): Uint8Array {
    const { exports } = this.kernel;
    return this.kernel.bytes(exports.spaceAt(), exports.spaceBytes());
  }

  filled(bytes: number): void {
    this.pushed += bytes;
    this.kernel.call((exports) => exports.filled(bytes));
    this.take();
  }

  /** Damage or a foreign header ended it, or all packets that were wanted are there. */
  get done(): boolean {
    return this.kernel.exports.phaseNow() >= phases.complete || this.packets === this.options.packetsMax;
  }

  get packets(): bigint {
    return BigInt.asUintN(64, this.kernel.exports.keptPackets.value);
  }

  /** Ends it: how the capture ended, the packets taken and those that were looked at. */
  end(): Outcome & { readonly packets: bigint; readonly ofPackets: bigint } {
    const outcome = endChunk(this.kernel, wholeFilePlan, this.pushed);
    this.take();
    const result = { ...outcome, packets: this.packets, ofPackets: this.kernel.cell(cells.examined) };
    this.kernel.release();
    return result;
  }

  private take(): void {
    const { exports } = this.kernel;
    const length = BigInt.asUintN(64, exports.longRecord.value);
    if (length > 0n)
      throw new TriremeError(
        'LIMIT_REACHED',
        `a record of ${length} bytes is over the ${exports.WINDOW_BYTES.value} that can be taken out whole`,
      );
    const bytes = exports.takeExtracted() >>> 0;
    if (bytes > 0) this.onBytes(this.kernel.bytes(exports.extractedAt(), bytes));
  }
}
