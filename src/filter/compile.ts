import { emit, type EmittedFilter } from './emit.js';
import { linkTypeOf } from './link-types.js';
import { lower } from './lower.js';
import { parseFilter } from './parser.js';
import type { Node } from './tree.js';

/** An expression that was read. For each link type it becomes a WebAssembly module of its own, once. */
export class Filter {
  readonly tree: Node;
  readonly #compiled = new Map<string, EmittedFilter>();

  /** Throws FilterError. */
  constructor(readonly expression: string) {
    this.tree = parseFilter(expression);
  }

  /**
   * The module for packets of a link type (LINKTYPE number). Only type 0 cares for the byte order of the machine that wrote
   * the capture. Throws FilterError where the link type has not what is asked for.
   */
  for(link: number, bigEndian = false): EmittedFilter {
    const key = `${link} ${bigEndian}`;
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      compiled = emit(lower(this.tree, this.expression, linkTypeOf(link), bigEndian));
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }
}
