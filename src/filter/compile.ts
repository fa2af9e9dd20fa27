import { emit, type EmittedFilter } from './emit.js';
import { FilterError } from './filter-error.js';
import { filteredLinkTypes, linkTypeOf } from './link-types.js';
import { lower } from './lower.js';
import { parseFilter } from './parser.js';
import type { Node } from './tree.js';

/** Most captures are of it, so its module is needed anyway. */
const ethernet = 1;

/** An expression that was read. For each link type it becomes a WebAssembly module of its own, once. */
export class Filter {
  readonly tree: Node;
  private readonly compiled = new Map<string, EmittedFilter>();

  /** Throws FilterError. */
  constructor(readonly expression: string) {
    this.tree = parseFilter(expression);
  }

  /** Throws the FilterError of Ethernet where no link type at all has what is asked for. */
  checkFits(): void {
    let first: FilterError | null = null;
    for (const link of [ethernet, ...filteredLinkTypes.map(({ number }) => number)]) {
      try {
        this.for(link);
        return;
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        first ??= error;
      }
    }
    if (first !== null) throw first;
  }

  /**
   * The module for packets of a link type (LINKTYPE number). Only type 0 cares for the byte order of the
   * machine that wrote the capture. Throws FilterError where the link type has not what is asked for.
   */
  for(link: number, bigEndian = false): EmittedFilter {
    const key = `${link} ${bigEndian}`;
    let compiled = this.compiled.get(key);
    if (compiled === undefined) {
      compiled = emit(lower(this.tree, this.expression, linkTypeOf(link), bigEndian));
      this.compiled.set(key, compiled);
    }
    return compiled;
  }
}
