import type { Command } from 'commander';
import { buildCommand as analyze } from '../../../src/analyze/command.js';
import { buildCommand as extract } from '../../../src/analyze/extract-command.js';
import { buildCommand as filter } from '../../../src/analyze/filter-command.js';

/** Parses a command line without running anything. */
function parse(command: Command, cores: string, more: readonly string[]): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  command.action(() => undefined);
  command.parse(['--cores', cores, ...more, 'a'], { from: 'user' });
}

test.each([
  ['analyze', analyze, []],
  ['extract', extract, ['-w', '-']],
  ['filter', filter, []],
])('%s takes 1 to 1,024 cores', (_name, build, more) => {
  for (const cores of ['1', '1024']) expect(() => parse(build(), cores, more)).not.toThrow();
  for (const cores of ['0', '1025']) expect(() => parse(build(), cores, more)).toThrow('from 1 to 1024');
});
