import { TriremeError } from '../common/errors.js';
import type { Filter } from '../filter/compile.js';

/** Filters kept when none of their scans runs: a worker scans the chunks of a few analyses in turns. */
const filtersMax = 4;
const filters = new Map<string, Filter>();
const modules = new WeakMap<Uint8Array, WebAssembly.Module>();

/** A number of a function must fit a byte of the kernel's table of link types. */
const functionsMax = 200;

/** The filter of an expression, read once. Throws FilterError, also where no link type has what it asks for. */
export function filterOf(expression: string): Filter {
  const filter = filters.get(expression) ?? readFilter(expression);
  filters.delete(expression);
  filters.set(expression, filter);
  if (filters.size > filtersMax) filters.delete(filters.keys().next().value!);
  return filter;
}

function readFilter(expression: string): Filter {
  // Loaded only here: most scans have no filter, and small ones take less time than its loading.
  const { Filter: Read } = require('../filter/compile.js') as typeof import('../filter/compile.js');
  const filter = new Read(expression);
  filter.checkFits();
  return filter;
}

/** Makes the functions of filters in one kernel's memory and table. */
export class FilterFunctions {
  private filter: Filter | null = null;
  private memory: WebAssembly.Memory | null = null;
  private table: WebAssembly.Table | null = null;
  private first = 0;
  private count = 0;

  /** Functions are added behind those that the table has. */
  attach(memory: WebAssembly.Memory, table: WebAssembly.Table): void {
    this.memory = memory;
    this.table = table;
    this.first = table.length;
  }

  use(filter: Filter | null): void {
    this.filter = filter;
    this.count = 0;
  }

  /** What the kernel calls at the first packet of a link type. Throws FilterError. */
  readonly functionOf = (link: number, bigEndian: number): number => {
    const memory = this.memory;
    const table = this.table;
    if (this.filter === null || memory === null || table === null)
      throw new TriremeError('INTERNAL', 'a packet is filtered without a filter');
    if (this.count === functionsMax)
      throw new TriremeError('LIMIT_REACHED', `filters are made for ${functionsMax} link types of a capture at most`);
    const { bytes } = compiled(this.filter, link, bigEndian !== 0);
    const module = modules.get(bytes) ?? new WebAssembly.Module(bytes);
    modules.set(bytes, module);
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    const number = this.first + this.count++;
    if (number >= table.length) table.grow(1);
    table.set(number, instance.exports.match);
    return number;
  };
}

/** A right expression may ask for what a link type has not: that is about the capture, and no wrong usage. */
function compiled(filter: Filter, link: number, bigEndian: boolean): ReturnType<Filter['for']> {
  try {
    return filter.for(link, bigEndian);
  } catch (error) {
    const { code, message } = TriremeError.from(error);
    if (code !== 'USAGE') throw error;
    throw new TriremeError('FILTER_UNFIT', message, { cause: error });
  }
}
