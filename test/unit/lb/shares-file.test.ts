import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../src/common/config-file.js';
import { clientsNamedMax, compileShares, readShares, type ShareSettings } from '../../../src/lb/shares-file.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const compiled = (text: string): ShareSettings => compileShares(parseConfig(text, 'f.yaml'));

test('a file gives clients weights and bounds, and what is left out is bounded by nothing', () => {
  const { others, clients } = compiled(`
default: { weight: .5, jobsMax: 100 }
clients:
  alice: { weight: 3, bytesMax: 64MiB }
  trireme client:
    secondsPerSecondMax: 1.5
  bob:
`);
  expect(others).toEqual({ weight: 0.5, jobsMax: 100, bytesMax: Infinity, secondsPerSecondMax: Infinity });
  expect(Object.fromEntries(clients)).toEqual({
    alice: { weight: 3, jobsMax: Infinity, bytesMax: 64 * 2 ** 20, secondsPerSecondMax: Infinity },
    'trireme client': { weight: 1, jobsMax: Infinity, bytesMax: Infinity, secondsPerSecondMax: 1.5 },
    bob: { weight: 1, jobsMax: Infinity, bytesMax: Infinity, secondsPerSecondMax: Infinity },
  });
});

test('without a default the rest have weight 1 and no bound', () => {
  expect(compiled('clients: { a: { weight: 2 } }').others).toEqual(compiled('default:\n  weight: 1\n').others);
});

test.each([
  ['clients: { a: { weight: 0 } }', "f.yaml:1:17: weight '0' is not a number from 0.001 to 1000000"],
  ['clients: { a: { weight: lots } }', "f.yaml:1:17: weight 'lots' is not a number from 0.001 to 1000000"],
  ['clients: { a: { weight: [1, 2] } }', "f.yaml:1:17: weight '1, 2' is not one value"],
  ['clients: { a: { weight: } }', "f.yaml:1:17: weight '' is not one value"],
  ['default: { jobsMax: 1.5 }', "f.yaml:1:12: jobsMax '1.5' is not a whole number from 1 to 10000000"],
  ['default: { jobsMax: 99999999 }', "f.yaml:1:12: jobsMax '99999999' is not a whole number from 1 to 10000000"],
  ['default: { secondsPerSecondMax: -1 }', "secondsPerSecondMax '-1' is not a number from 0.001 to 1000000"],
  ['clients:\n  a:\n    wieght: 3', 'f.yaml:3:5: there is no wieght: weight?'],
  ['clients:\n  a:\n    speed: 3', 'there is no speed; there are weight, jobsMax, bytesMax, secondsPerSecondMax'],
  ['clients:\n  a:\n    toString: 3', 'f.yaml:3:5: there is no toString'],
  ['client: { a: { weight: 3 } }', 'f.yaml:1:1: client is neither default nor clients'],
  ['weights: 3', 'f.yaml:1:1: weights is neither default nor clients'],
  ['clients: 3', "f.yaml:1:1: clients '3' is no section"],
  ['clients: { a: 3 }', "f.yaml:1:12: a: '3' is no section, such as { weight: 3 }"],
  ['', 'says nothing'],
  ['clients: { a: {}, a: {} }', 'f.yaml:1:'],
  [`clients: { ${'n'.repeat(65)}: {} }`, 'a name of 65 characters is not one of 1 to 64'],
  ['clients: { a: { weight: x }, b: { weight: y } }', '; and 1 more'],
])('the file %s is refused', (text, words) => {
  expect(() => compiled(text)).toThrow(words);
});

test('the bytes of a client are a size', () => {
  expect(() => compiled('default: { bytesMax: many }')).toThrow(/f\.yaml:1:12: bytesMax .*'many'/);
});

test(`a file names ${clientsNamedMax} clients at most`, () => {
  const names = (count: number): string => Array.from({ length: count }, (_, at) => `  c${at}: {}\n`).join('');
  expect(compiled(`clients:\n${names(clientsNamedMax)}`).clients.size).toBe(clientsNamedMax);
  expect(() => compiled(`clients:\n${names(clientsNamedMax + 1)}`)).toThrow('(clientsNamedMax)');
});

test('a file that cannot be read is named with its option', () => {
  expect(() => readShares(join(scratch.path, 'none.yaml'))).toThrow(/--shares .*none\.yaml: ENOENT/);
  const path = join(scratch.path, 'wrong.yaml');
  writeFileSync(path, 'default: { weight: 0 }');
  expect(() => readShares(path)).toThrow(`--shares ${path}:1:12: weight '0'`);
});
