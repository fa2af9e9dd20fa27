// Raw deflate (RFC 1951), a step of input at a time. What is refused is what zlib refuses, and after as many
// bytes. A step ends where the input does: bits of an unfinished symbol or block header stay in IN, and the
// next input is put behind them.

import { BLOCK_ENDED, ENDED, giveBack, GO_ON, Input, setInput } from './bits';
import { codes, Output, stored } from './codes';
import { Block, header } from './headers';

export { BLOCK_ENDED, DAMAGED, ENDED, NEED_INPUT, OUTPUT_FULL } from './bits';
export * from './parts';

/** Input: what was left over and the next step. */
const IN: usize = 0x10000;
/** Bytes that distances reach back. */
const HISTORY: usize = 0x8000;
/** Output, behind those. */
const OUT_START: usize = 0x40000;
const OUT_BYTES: usize = 0x80000;
const OUT_END: usize = OUT_START + HISTORY + OUT_BYTES;

let told: usize = OUT_START;
let inBlock: bool = false;
let pauses: bool = false;
let skippedBits: u32 = 0;

export function reset(): void {
  setInput(IN, IN);
  Block.last = false;
  inBlock = false;
  pauses = false;
  skippedBits = 0;
  Output.start = OUT_START;
  Output.at = OUT_START;
  Output.end = OUT_END;
  told = OUT_START;
}

/**
 * Where the 32 KiB before the next output are, of a stream that goes on in its middle; so many bits of its
 * first byte are not its own.
 */
export function resume(bits: u32): usize {
  reset();
  skippedBits = bits;
  Output.at += HISTORY;
  told = Output.at;
  return OUT_START;
}

/** Whether inflate() returns BLOCK_ENDED at the end of each block but the last. */
export function pauseAtBlocks(on: bool): void {
  pauses = on;
}

/** Where the next input goes: behind what is left of the last one, which is moved to the front. */
export function inputAt(): usize {
  const left = Input.end - Input.at;
  memory.copy(IN, Input.at, left);
  Input.at = IN;
  Input.end = IN + left;
  return Input.end;
}

export function outputAt(): usize {
  return told;
}

export function outputBytes(): usize {
  return Output.at - told;
}

/** Whole bytes of input behind what was decoded. */
export function unusedBytes(): usize {
  return Input.end - Input.at;
}

/** Bits before those that were not decoded either. */
export function unusedBits(): u32 {
  return Input.count;
}

/** Inflates with so many more bytes of input; what comes of it is at outputAt(). */
export function inflate(bytes: usize): u32 {
  Input.end += bytes;
  if (skippedBits && Input.at < Input.end) {
    Input.bits = <u64>load<u8>(Input.at++) >> <u64>skippedBits;
    Input.count = 8 - skippedBits;
    skippedBits = 0;
  }
  if (Output.at > OUT_START + HISTORY) {
    memory.copy(OUT_START, Output.at - HISTORY, HISTORY);
    Output.at = OUT_START + HISTORY;
  }
  told = Output.at;
  const result = steps();
  giveBack();
  return result;
}

function steps(): u32 {
  while (true) {
    if (!inBlock) {
      if (Block.last) return ENDED;
      const result = header();
      if (result != GO_ON) return result;
      inBlock = true;
    }
    const result = Block.stored ? stored<u8>() : codes<u8>();
    if (result != GO_ON) return result;
    inBlock = false;
    if (pauses && !Block.last) return BLOCK_ENDED;
  }
}
