import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Place {
  readonly value: number;
}

/** What assembly/inflate.ts exports, and assembly/parts.ts. */
export interface InflateExports {
  readonly memory: WebAssembly.Memory;
  readonly NEED_INPUT: Place;
  readonly OUTPUT_FULL: Place;
  readonly ENDED: Place;
  readonly DAMAGED: Place;
  readonly BLOCK_ENDED: Place;
  readonly NONE: Place;
  reset(): void;
  inputAt(): number;
  inflate(bytes: number): number;
  outputAt(): number;
  outputBytes(): number;
  unusedBytes(): number;
  unusedBits(): number;
  resume(bits: number): number;
  pauseAtBlocks(on: number): void;
  partAt(packed: number, inflated: number): number;
  findBlock(from: number, to: number): number;
  windowAt(): number;
  decodeBytes(from: number, until: number, limit: number): number;
  decodeSymbols(from: number, until: number, limit: number): number;
  partBit(): number;
  partLength(): number;
  partOutput(): number;
  lastBytes(): number;
  knowAll(): void;
}

let compiled: WebAssembly.Module | undefined;

/** An inflater with a memory of its own. */
export function newInflater(): InflateExports {
  compiled ??= new WebAssembly.Module(readFileSync(join(__dirname, 'inflate.wasm')));
  return new WebAssembly.Instance(compiled).exports as unknown as InflateExports;
}
