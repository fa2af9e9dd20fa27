import { isSlip, slipsOnly } from '../../../src/common/suggestions.js';

test.each([
  ['filtre', 'filter', true],
  ['jsonn', 'json', true],
  ['jon', 'json', true],
  ['jsom', 'json', true],
  ['mulit', 'multi', true],
  ['json', 'json', true],
  // Words of other tools, which mean something else here.
  ['filter', 'master', false],
  ['port', 'sort', false],
  ['host', 'sort', false],
  ['write', 'wait', false],
  ['files', 'filter', false],
])('%s for %s is a slip: %s', (written, meant, slip) => expect(isSlip(written, meant)).toBe(slip));

test('a suggestion that is another word is taken out, and the rest stays', () => {
  const text = "error: unknown option '--jsno=1'\n(Did you mean one of --json, --join?)\n";
  expect(slipsOnly(text)).toBe("error: unknown option '--jsno=1'\n(Did you mean --json?)\n");
  expect(slipsOnly("error: unknown option '--port'\n(Did you mean --sort?)\n")).toBe(
    "error: unknown option '--port'\n",
  );
  expect(slipsOnly("error: unknown command 'analyz'\n(Did you mean analyze?)")).toContain('analyze?');
  expect(slipsOnly('error: (Did you mean --x?)')).toBe('error: (Did you mean --x?)');
});
