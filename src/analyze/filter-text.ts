import type { Filter } from '../filter/compile.js';
import { explain } from '../filter/explain.js';
import { FilterError } from '../filter/filter-error.js';
import { filteredLinkTypes, type LinkType } from '../filter/link-types.js';
import { outcomeWarning, warningsOf } from '../filter/warnings.js';

/** What a filter means, in words, and of which link types it can be asked. Ends with a newline. */
export function explainFilter(filter: Filter): string {
  const fits: string[] = [];
  const outcomes = new Map<string, string[]>();
  const refusals = new Map<string, string[]>();
  const add = (to: Map<string, string[]>, key: string, name: string): void =>
    void to.set(key, [...(to.get(key) ?? []), name]);
  for (const link of filteredLinkTypes) {
    const name = nameOf(link);
    try {
      const outcome = outcomeWarning(filter.for(link.number));
      fits.push(name);
      if (outcome !== null) add(outcomes, outcome, name);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      add(refusals, error.reason.replace(link.name, 'this link type'), name);
    }
  }
  const everywhere = (names: readonly string[]): string =>
    names.length === fits.length ? '' : ` of link type ${names.join(', ')}`;
  const lines = [
    'Matches packets that are',
    ...explain(filter.tree, filter.expression)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
    ...warningsOf(filter.tree).map((warning) => `WARNING: ${warning}`),
    ...[...outcomes].map(([outcome, names]) => `WARNING: ${outcome}${everywhere(names)}`),
    `Link types: ${fits.length === 0 ? 'none' : fits.join(', ')}`,
    ...[...refusals].map(([reason, names]) => `Not ${names.join(', ')}: ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

const nameOf = ({ name, number }: LinkType): string => `${name} (${number})`;
