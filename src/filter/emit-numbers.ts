import type { Load, Num } from './code.js';
import type { Facts } from './facts.js';
import { Code, op } from './wasm-writer.js';

/** Parameters of match(ptr, captured, wire). */
export const pointer = 0;
export const captured = 1;
const wire = 2;
const parameters = 3;

/** An IPv4 header has at most 60 bytes. */
const headerMax = 60;

/** A number as it lies in memory, the other way round. */
export function swapped(value: number, size: 1 | 2 | 4): number {
  if (size === 1) return value;
  if (size === 2) return ((value & 0xff) << 8) | (value >>> 8);
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** A name under which the value of a number can be known. */
export function nameOf(num: Num): string {
  switch (num.v) {
    case 'load':
      return `${num.size}@${num.offset}${num.index === null ? '' : `+${nameOf(num.index)}`}`;
    case 'constant':
      return String(num.value);
    case 'length':
      return 'len';
    case 'header':
      return `header${num.offset}`;
    case 'negative':
      return `-(${nameOf(num.of)})`;
    case 'binary':
      return `(${nameOf(num.left)}${num.operator}${nameOf(num.right)})`;
  }
}

/** Longer names cost more than they save. */
const nameCharsMax = 60;

/** Writes the code of numbers. Each value that is read from the packet stays in a local of its own. */
export class NumberCode {
  private readonly numbers = new Map<string, number>();
  facts: Facts;

  constructor(
    private readonly code: Code,
    /** Writes a jump, taken when the number on the stack is not 0, to where the packet is rejected. */
    private readonly rejectIf: () => void,
    facts: Facts,
  ) {
    this.facts = facts;
  }

  get locals(): number {
    return this.numbers.size;
  }

  /** Puts a load on the stack as its bytes lie in memory. */
  raw(load: Load): void {
    const name = nameOf(load);
    const isNamed = name.length <= nameCharsMax;
    if (isNamed && this.facts.loaded.has(name)) {
      this.code.get(this.local(name));
      return;
    }
    this.address(load);
    const kind = load.size === 1 ? op.load8 : load.size === 2 ? op.load16 : op.load;
    this.code.byte(kind, 0).unsigned(load.offset);
    if (!isNamed) return;
    this.code.tee(this.local(name));
    this.facts = this.facts.withLoaded(name);
  }

  /** Puts a number on the stack. */
  number(num: Num): void {
    const { code } = this;
    switch (num.v) {
      case 'constant':
        code.constant(num.value);
        return;
      case 'length':
        code.get(wire);
        return;
      case 'header':
        this.raw({ v: 'load', size: 1, offset: num.offset, index: null });
        code.constant(15).byte(op.and).constant(2).byte(op.shl);
        return;
      case 'load':
        this.raw(num);
        this.swap(num.size);
        return;
      case 'negative':
        code.constant(0);
        this.number(num.of);
        code.byte(op.sub);
        return;
      case 'binary':
        this.number(num.left);
        this.number(num.right);
        this.operate(num.operator, num.right);
    }
  }

  local(name: string): number {
    const local = this.numbers.get(name) ?? parameters + this.numbers.size;
    this.numbers.set(name, local);
    return local;
  }

  /** Puts the address on the stack that a load's offset is added to, once its bytes are known to be captured. */
  private address({ size, offset, index }: Load): void {
    const { code } = this;
    const end = offset + size;
    if (index === null) {
      if (this.facts.captured < end) {
        code.get(captured).constant(end).byte(op.lt);
        this.rejectIf();
        this.facts = this.facts.withCaptured(end);
      }
      code.get(pointer);
      return;
    }
    const local = this.local('index');
    this.number(index);
    code.set(local);
    if (index.v === 'header') {
      // The sum is small: 32 bits hold it.
      if (this.facts.captured < end + headerMax) {
        code.get(captured).get(local).constant(end).byte(op.add, op.lt);
        this.rejectIf();
      }
    } else {
      code.get(local).byte(op.extend).constant64(end).byte(op.add64);
      code.get(captured).byte(op.extend, op.gt64);
      this.rejectIf();
    }
    code.get(pointer).get(local).byte(op.add);
  }

  private swap(size: 1 | 2 | 4): void {
    if (size === 1) return;
    const { code } = this;
    const local = this.local('swap');
    code.set(local);
    if (size === 2) {
      code.get(local).constant(8).byte(op.shr).get(local).constant(255).byte(op.and).constant(8).byte(op.shl, op.or);
      return;
    }
    code.get(local).constant(8).byte(op.rotl).constant(0x00ff00ff).byte(op.and);
    code.get(local).constant(8).byte(op.rotr).constant(0xff00ff00).byte(op.and, op.or);
  }

  /** With both sides on the stack. A division by zero rejects the packet; a shift by 32 or more leaves 0. */
  private operate(operator: string, right: Num): void {
    const { code } = this;
    switch (operator) {
      case '/':
      case '%':
        if (right.v !== 'constant') {
          code.tee(this.local('right')).byte(op.eqz);
          this.rejectIf();
          code.get(this.local('right'));
        }
        code.byte(operator === '/' ? op.div : op.rem);
        return;
      case '<<':
      case '>>':
        code.set(this.local('right')).get(this.local('right'));
        code.byte(operator === '<<' ? op.shl : op.shr);
        // All bits of the result where the shift is below 32, else none.
        code.constant(0).get(this.local('right')).constant(32).byte(op.lt, op.sub, op.and);
        return;
      default:
        code.byte({ '+': op.add, '-': op.sub, '*': op.mul, '&': op.and, '|': op.or, '^': op.xor }[operator]!);
    }
  }
}
