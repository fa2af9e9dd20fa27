import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { helpExamples } from '../../src/help-examples.js';
import { projectRoot } from '../../src/common/version.js';

const help = (...args: string[]): string =>
  execFileSync(process.execPath, [join(projectRoot, 'bin', 'trireme'), ...args, '--help'], { encoding: 'utf8' });
const roles = [...help().matchAll(/^ {2}([a-z][a-z-]*) {2,}/gm)]
  .map(([, name]) => name)
  .filter((name) => name !== 'help');

test('there are roles', () => {
  expect(roles.length).toBeGreaterThan(12);
});

test.each(roles)('trireme %s --help says what it does, its options, and examples that use only these', (role) => {
  const text = help(role);
  expect(text).toMatch(/^Usage: trireme /);
  expect(text).toMatch(/^Examples?:$/m);
  for (const example of helpExamples[role] ?? []) {
    const [, subcommand] = new RegExp(`trireme ${role} ([a-z]+)`).exec(example) ?? [];
    const known = role === 'xdp' && subcommand !== undefined ? help(role, subcommand) : text;
    for (const [option] of example.matchAll(/--[a-z-]+/g))
      expect([example, known.includes(`${option} `) || known.includes(`${option}\n`)]).toEqual([example, true]);
  }
});
