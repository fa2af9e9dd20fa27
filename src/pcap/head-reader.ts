import { endChunk } from './chunk-outcome.js';
import { wholeFilePlan } from './chunk-plans.js';
import { Kernel, phases } from './kernel.js';
import { cells } from './partial-layout.js';
import { fileTimes } from './report.js';
import { scanOptionsDefault } from './scan-options.js';
import type { ReadState } from './types.js';

/** What the start of a capture tells, up to its first packet. */
export interface CaptureHead {
  /** Time of the first packet in ns since 1970, in decimal; null: there is no packet, or it has no time. */
  readonly firstNs: string | null;
  /** State in which that packet was read; null: the bytes are no capture's. */
  readonly state: ReadState | null;
  /** Why it is no capture: words for people. */
  readonly notACapture: string | null;
}

/** Time of the first packet in these first bytes, in ns since 1970; null: none has one. */
export function firstTime(module: WebAssembly.Module, firstBytes: Uint8Array): string | null {
  const reader = new HeadReader(module);
  try {
    reader.begin();
    for (let at = 0; at < firstBytes.length && !reader.done;) {
      const space = reader.space();
      const bytes = firstBytes.subarray(at, at + Math.min(space.length, headPortionBytes));
      space.set(bytes);
      reader.filled(bytes.length);
      at += bytes.length;
    }
    return reader.end().firstNs;
  } finally {
    reader.close();
  }
}

/** Bytes that are looked at together: most captures have their first packet in them. */
const headPortionBytes = 64 * 1024;

const noFirst = 0x7fff_ffff_ffff_ffffn;

/** Reads the heads of many captures, one after the other: begin(), then bytes into space() until done, then end(). */
export class HeadReader {
  private readonly kernel: Kernel;
  private pushed = 0;

  constructor(module: WebAssembly.Module) {
    this.kernel = Kernel.acquire(module, scanOptionsDefault);
  }

  begin(): void {
    const { exports } = this.kernel;
    this.pushed = 0;
    exports.beginPart();
    this.forgetPacket();
    exports.beginClock(false);
    exports.beginWindow(0n, 1n, phases.header, 0);
  }

  space(): Uint8Array {
    return this.kernel.space();
  }

  filled(bytes: number): void {
    const { exports } = this.kernel;
    this.pushed += bytes;
    this.kernel.filled(bytes);
    // One record or block at a time, so that no packet behind the first is counted.
    while (exports.phaseNow() === phases.complete && !this.counted)
      this.kernel.call(() => exports.setLimit(exports.position() + 1n));
  }

  /** The first packet has come, or the file is damaged or no capture before it. */
  get done(): boolean {
    return this.kernel.done;
  }

  /** At done, or where the file ends. */
  end(): CaptureHead {
    const [firstNs] = fileTimes(this.kernel);
    const { endState, notACapture } = endChunk(this.kernel, wholeFilePlan, this.pushed);
    return { firstNs, state: endState, notACapture };
  }

  close(): void {
    this.kernel.release();
  }

  private get counted(): boolean {
    const { kernel } = this;
    return (
      kernel.signedCell(cells.firstNs) !== noFirst ||
      kernel.cell(cells.widePackets) > 0n ||
      kernel.cell(cells.untimedPackets) > 0n
    );
  }

  private forgetPacket(): void {
    const { kernel } = this;
    kernel.setCell(cells.firstNs, noFirst);
    kernel.setCell(cells.lastNs, -0x8000_0000_0000_0000n);
    kernel.setCell(cells.widePackets, 0n);
    kernel.setCell(cells.untimedPackets, 0n);
  }
}
