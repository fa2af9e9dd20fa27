import { damageAt } from './damage.js';
import { describeForeign, emptyFile } from './foreign.js';
import { phases, type Kernel } from './kernel.js';
import type { ChunkPlan, ChunkResult, CutRecord, Damage } from './types.js';

/** First bytes of a foreign file that tell what it is; the scanner waits for so many (assembly/window.ts). */
const foreignBytes = 4096;

/**
 * Ends the scan of a chunk and tells how it ended: what a result says beside its partial.
 * @param pushed bytes of the file that the kernel was given, for "the file is empty"
 */
export function endChunk(kernel: Kernel, plan: ChunkPlan, pushed: number): Omit<ChunkResult, 'partial'> {
  const { exports } = kernel;
  const endOfInput = exports.phaseNow() < phases.complete;
  if (endOfInput) kernel.call(() => exports.finish());
  const phase = exports.phaseNow();
  const searching = phase === phases.search || phase === phases.notFound;
  const position = Number(exports.position());
  const start = searching ? null : Number(exports.startPosition());
  const notACapture = phase === phases.notACapture ? foreignOf(kernel, pushed) : null;
  return {
    plan,
    start,
    end: position,
    endState: notACapture === null ? (searching ? plan.state : kernel.readState()) : null,
    cut: phase === phases.records ? cutRecord(Number(exports.claimedBytes()), Number(exports.pendingBytes())) : null,
    damage: phase === phases.damaged ? damageOf(kernel, position) : null,
    notACapture,
    endOfInput: endOfInput && phase === phases.records,
    bytes: start === null ? 0 : position - start,
  };
}

/** The result of a chunk in which no record was found: it is asked for again from where the one before it ends. */
export function nothingFound(plan: ChunkPlan): Omit<ChunkResult, 'partial'> {
  const none = { cut: null, damage: null, notACapture: null, endOfInput: false };
  return { plan, start: null, end: plan.start, endState: plan.state, ...none, bytes: 0 };
}

function damageOf({ exports }: Kernel, offset: number): Damage {
  const words = [exports.damageCode(), exports.damageFirst() >>> 0, exports.damageSecond() >>> 0] as const;
  return damageAt(offset, words);
}

function foreignOf(kernel: Kernel, pushed: number): string {
  const { exports } = kernel;
  if (pushed === 0) return emptyFile;
  const [a, b] = [exports.damageFirst() >>> 0, exports.damageSecond() >>> 0];
  switch (exports.damageCode()) {
    case 1:
      return describeForeign(kernel.bytes(exports.WINDOW.value, Math.min(pushed, foreignBytes)));
    case 3:
      return `pcap version ${a}.${b} is not read; versions 2.0 to 2.4 are`;
    case 4:
      return `pcapng version ${a}.${b} is not read; versions 1.0 and 1.2 are`;
    default:
      return 'file header cut short';
  }
}

function cutRecord(claimed: number, held: number): CutRecord | null {
  return held === 0 ? null : { claimed: claimed === 0 ? null : claimed, held };
}
