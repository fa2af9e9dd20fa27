/** What a step of input, or the decoding of a part of a file, ends with. */
export const NEED_INPUT: u32 = 0;
export const OUTPUT_FULL: u32 = 1;
export const ENDED: u32 = 2;
export const DAMAGED: u32 = 3;
/** Not told: decoding goes on. */
export const GO_ON: u32 = 4;
/** A block has ended where that was asked for, and another one follows. */
export const BLOCK_ENDED: u32 = 5;

/** Input, least significant bit first (RFC 1951, 3.1.1). Loads go up to 8 bytes past its end. */
export class Input {
  static at: usize = 0;
  static end: usize = 0;
  /** Bits before `at` that were loaded and not taken. */
  static bits: u64 = 0;
  static count: u32 = 0;
}

export function setInput(at: usize, end: usize): void {
  Input.at = at;
  Input.end = end;
  Input.bits = 0;
  Input.count = 0;
}

/** Gives whole bytes back, so that what is left stands in the input but for the bits of one byte. */
export function giveBack(): void {
  Input.at -= <usize>(Input.count >> 3);
  Input.count &= 7;
  Input.bits &= (<u64>1 << <u64>Input.count) - 1;
}

/** Makes at least `wanted` bits there, up to 56; false: the input does not have them. */
// @ts-ignore: decorator
@inline
export function need(wanted: u32): bool {
  while (Input.count < wanted) {
    if (Input.at >= Input.end) return false;
    Input.bits |= <u64>load<u8>(Input.at++) << <u64>Input.count;
    Input.count += 8;
  }
  return true;
}

// @ts-ignore: decorator
@inline
export function take(wanted: u32): u32 {
  const value = <u32>Input.bits & ((1 << wanted) - 1);
  Input.bits >>= <u64>wanted;
  Input.count -= wanted;
  return value;
}
