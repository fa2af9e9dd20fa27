import { Filter } from '../../../src/filter/compile.js';
import { explain } from '../../../src/filter/explain.js';
import { FilterError } from '../../../src/filter/filter-error.js';
import { filteredLinkTypes } from '../../../src/filter/link-types.js';
import { warningsOf } from '../../../src/filter/warnings.js';
import { expressions } from '../../support/filter-expressions.js';
import { asText, must, refusedBy, utf8, type FuzzTarget } from '../target.js';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
const packet = new Uint8Array(memory.buffer);

/** Packets at the end of the memory: a load past one of them traps. */
const lengths = [0, 1, 13, 14, 33, 54, 60];

export const filters: FuzzTarget = {
  name: 'filters',
  what: 'filter expressions, from users and from clients of a master',
  seeds: () => expressions.slice(0, 300).map(utf8),
  words: [
    'tcp',
    'and',
    'or',
    'not',
    '(',
    ')',
    '[',
    ']',
    ':',
    'host',
    'net',
    'port',
    '10.0.0.0/8',
    '::1',
    'vlan',
    '&',
    '0x1',
  ],
  bytesMax: 2048,
  run: (input) => {
    const filter = refusedBy([FilterError], () => new Filter(asText(input)));
    if (filter === undefined) return;
    const words = refusedBy([FilterError], () => explain(filter.tree, filter.expression));
    must(words !== '', 'an expression that is taken is told in words');
    must(warningsOf(filter.tree).length < 100, 'warnings are few');
    for (const { number } of filteredLinkTypes) {
      const compiled = refusedBy([FilterError], () => filter.for(number));
      if (compiled === undefined) continue;
      const instance = new WebAssembly.Instance(new WebAssembly.Module(compiled.bytes), { env: { memory } });
      const match = instance.exports.match as (at: number, captured: number, wire: number) => number;
      for (const length of lengths) {
        const matched = match(packet.length - length, length, length);
        must(matched === 0 || matched === 1, 'a packet matches or does not');
        must(!(compiled.never && matched === 1), 'what can never match does not');
      }
    }
  },
};
