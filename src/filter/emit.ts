import { all, type Cond, type Range } from './code.js';
import { NumberCode, nameOf, swapped } from './emit-numbers.js';
import { Facts } from './facts.js';
import { searchFunction } from './search.js';
import { Code, noResult, op, wasmModule, type WasmFunction } from './wasm-writer.js';

/** A place that code jumps to, or falls into. */
interface Label {
  /** Number of blocks open when its own was opened; null: it is only fallen into. */
  readonly block: number | null;
  /** What is known there; null: nothing has led there yet. */
  facts: Facts | null;
}

export interface EmittedFilter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Tests showed that no packet can match. */
  readonly never: boolean;
  /** That each packet matches whose bytes are captured as far as they are read. */
  readonly always: boolean;
}

/** Writes match(ptr, captured, wire), which gives 1 for a packet that matches and 0 for the others. */
export function emit(cond: Cond): EmittedFilter {
  return new Emitter().run(cond);
}

class Emitter {
  private readonly code = new Code();
  private readonly searches: WasmFunction[] = [];
  private readonly searchNumbers = new Map<readonly Range[], number>();
  private readonly known = new Map<string, number>();
  private blocks = 0;
  private readonly reject: Label = { block: 0, facts: null };
  private readonly numbers = new NumberCode(this.code, () => this.jumpIf(this.reject), Facts.none);

  run(cond: Cond): EmittedFilter {
    this.open();
    const accept: Label = { block: null, facts: null };
    const refuse: Label = { block: this.reject.block, facts: null };
    const block = this.labelled();
    this.cond(cond, block, refuse, block);
    accept.facts = block.facts;
    this.close();
    this.code.constant(1).byte(op.return);
    this.close();
    this.code.constant(0);
    const match = { parameters: 3, locals: this.numbers.locals, body: this.code };
    return {
      bytes: wasmModule([match, ...this.searches]),
      never: accept.facts === null,
      always: refuse.facts === null,
    };
  }

  private open(): void {
    this.code.byte(op.block, noResult);
    this.blocks++;
  }

  private close(): void {
    this.code.byte(op.end);
    this.blocks--;
  }

  /** Opens a block and gives the label of its end. */
  private labelled(): Label {
    const label = { block: this.blocks, facts: null };
    this.open();
    return label;
  }

  private jumpIf({ block }: Label): void {
    this.code.byte(op.brIf).unsigned(this.blocks - 1 - block!);
  }

  private jump({ block }: Label): void {
    this.code.byte(op.br).unsigned(this.blocks - 1 - block!);
  }

  private leadsTo(label: Label, facts: Facts): void {
    label.facts = facts.meet(label.facts);
  }

  /**
   * Writes code that goes on at one of two labels, of which `next` is fallen into. What is known at its start is in
   * numbers.facts; what is known at the labels is told to them.
   */
  private cond(cond: Cond, onTrue: Label, onFalse: Label, next: Label): void {
    switch (cond.c) {
      case 'not':
        return this.cond(cond.of, onFalse, onTrue, next);
      case 'and':
        return this.list(cond.of, onTrue, onFalse, next, true);
      case 'or':
        return this.list(cond.of, onTrue, onFalse, next, false);
      case 'constant':
        return this.always(cond.value ? onTrue : onFalse, next);
      default:
        return this.test(cond, onTrue, onFalse, next);
    }
  }

  /** Goes through the items as long as their outcome is `goesOn`. */
  private list(items: readonly Cond[], onTrue: Label, onFalse: Label, next: Label, goesOn: boolean): void {
    for (const [i, item] of items.entries()) {
      if (i === items.length - 1) return this.cond(item, onTrue, onFalse, next);
      const isLeaf = item.c !== 'and' && item.c !== 'or' && item.c !== 'not';
      const behind: Label = isLeaf ? { block: null, facts: null } : this.labelled();
      if (goesOn) this.cond(item, behind, onFalse, behind);
      else this.cond(item, onTrue, behind, behind);
      if (!isLeaf) this.close();
      // The rest is never reached: the outcome was known before.
      if (behind.facts === null) return;
      this.numbers.facts = behind.facts;
    }
  }

  private always(label: Label, next: Label): void {
    this.leadsTo(label, this.numbers.facts);
    if (label !== next) this.jump(label);
  }

  private test(cond: Cond & { c: 'test' | 'compare' | 'in' }, onTrue: Label, onFalse: Label, next: Label): void {
    const numbers = this.numbers;
    const name = cond.c === 'compare' ? null : nameOf(cond.load);
    const isKnown = name !== null && numbers.facts.loaded.has(name);
    const known = isKnown ? this.outcome(cond, name) : undefined;
    if (known !== undefined) return this.always(known ? onTrue : onFalse, next);
    // What the comparison on the stack is when the test is true.
    const positive = this.compare(cond);
    const facts = numbers.facts;
    const inLocal = name !== null && facts.loaded.has(name);
    this.leadsTo(onTrue, inLocal ? this.learnt(facts, cond, name, true) : facts);
    this.leadsTo(onFalse, inLocal ? this.learnt(facts, cond, name, false) : facts);
    const target = next === onTrue ? onFalse : onTrue;
    if ((target === onTrue) !== positive) this.code.byte(op.eqz);
    this.jumpIf(target);
    if (next !== onTrue && next !== onFalse) this.jump(onFalse);
  }

  private testName(cond: Cond & { c: 'test' | 'in' | 'compare' }, name: string): string | null {
    if (cond.c === 'test') return `${name} ${cond.op} ${cond.mask} ${cond.value}`;
    return cond.c === 'in' ? `${name} in ${this.searchNumber(cond.ranges)}` : null;
  }

  private outcome(cond: Cond & { c: 'test' | 'in' | 'compare' }, name: string): boolean | undefined {
    const { facts } = this.numbers;
    if (cond.c === 'test' && cond.op === 'eq' && cond.mask === all) return facts.equals(name, cond.value);
    const test = this.testName(cond, name);
    return test === null ? undefined : facts.outcomes.get(test);
  }

  private learnt(facts: Facts, cond: Cond & { c: 'test' | 'in' | 'compare' }, name: string, outcome: boolean): Facts {
    if (cond.c === 'test' && cond.op === 'eq' && cond.mask === all)
      return outcome ? facts.withEqual(name, cond.value) : facts.without(name, cond.value);
    const test = this.testName(cond, name);
    return test === null ? facts : facts.withOutcome(test, outcome);
  }

  /** Puts a comparison on the stack; false: it is 0 where the test is true. */
  private compare(cond: Cond & { c: 'test' | 'compare' | 'in' }): boolean {
    const code = this.code;
    const numbers = this.numbers;
    if (cond.c === 'in') {
      numbers.number(cond.load);
      code.byte(op.call).unsigned(1 + this.searchNumber(cond.ranges));
      return true;
    }
    if (cond.c === 'compare') {
      numbers.number(cond.left);
      numbers.number(cond.right);
      code.byte(cond.op === 'eq' ? op.eq : cond.op === 'gt' ? op.gt : op.ge);
      return true;
    }
    const { load, mask, value } = cond;
    const most = 2 ** (8 * load.size) - 1;
    if (cond.op === 'gt' || cond.op === 'ge') {
      numbers.number(load);
      if ((mask & most) >>> 0 !== most) code.constant(mask).byte(op.and);
      code.constant(value).byte(cond.op === 'gt' ? op.gt : op.ge);
      return true;
    }
    numbers.raw(load);
    if (cond.op === 'set') {
      code.constant(swapped((value & most) >>> 0, load.size)).byte(op.and);
      return true;
    }
    if ((mask & most) >>> 0 !== most) code.constant(swapped((mask & most) >>> 0, load.size)).byte(op.and);
    // A value too large for its field: no field equals it, but the field is read all the same.
    if (value > most) code.constant(0).byte(op.and).constant(1).byte(op.eq);
    else code.constant(swapped(value, load.size)).byte(op.eq);
    return true;
  }

  /** The function that looks a value up; equal sets share one. */
  private searchNumber(ranges: readonly Range[]): number {
    const found = this.searchNumbers.get(ranges);
    if (found !== undefined) return found;
    const text = ranges.map(({ from, to }) => `${from}-${to}`).join();
    const number = this.known.get(text) ?? this.searches.length;
    if (number === this.searches.length) this.searches.push(searchFunction(ranges));
    this.known.set(text, number);
    this.searchNumbers.set(ranges, number);
    return number;
  }
}
