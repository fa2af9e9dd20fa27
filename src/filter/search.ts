import type { Range } from './code.js';
import { Code, i32, op, type WasmFunction } from './wasm-writer.js';

/** Ranges below which comparing one after the other is as fast as halving. */
const linearMax = 2;

/** A function that tells whether its number is in one of ascending ranges: a binary search written out as code. */
export function searchFunction(ranges: readonly Range[]): WasmFunction {
  const code = new Code();
  search(code, ranges, 0, ranges.length);
  return { parameters: 1, locals: 0, body: code };
}

function search(code: Code, ranges: readonly Range[], first: number, end: number): void {
  if (end - first <= linearMax) {
    for (let i = first; i < end; i++) {
      inRange(code, ranges[i]);
      if (i > first) code.byte(op.or);
    }
    return;
  }
  const middle = (first + end) >> 1;
  code.get(0).constant(ranges[middle].from).byte(op.lt, op.if, i32);
  search(code, ranges, first, middle);
  code.byte(op.else);
  search(code, ranges, middle, end);
  code.byte(op.end);
}

function inRange(code: Code, { from, to }: Range): void {
  if (from === to) code.get(0).constant(from).byte(op.eq);
  else
    code
      .get(0)
      .constant(from)
      .byte(op.sub)
      .constant(to - from)
      .byte(op.le);
}
