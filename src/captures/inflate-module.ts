import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Place {
  readonly value: number;
}

/** What assembly/inflate.ts exports. */
export interface InflateExports {
  readonly memory: WebAssembly.Memory;
  readonly NEED_INPUT: Place;
  readonly OUTPUT_FULL: Place;
  readonly ENDED: Place;
  readonly DAMAGED: Place;
  reset(): void;
  inputAt(): number;
  inflate(bytes: number): number;
  outputAt(): number;
  outputBytes(): number;
  unusedBytes(): number;
}

let compiled: WebAssembly.Module | undefined;

/** An inflater with a memory of its own. */
export function newInflater(): InflateExports {
  compiled ??= new WebAssembly.Module(readFileSync(join(__dirname, '..', 'captures', 'inflate.wasm')));
  return new WebAssembly.Instance(compiled).exports as unknown as InflateExports;
}
