import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../src/common/version.js';

const source = readFileSync(join(projectRoot, 'src/pcap/assembly/code-words.ts'), 'utf8');

/** Powers of a root of x^9 + x^4 + 1 over the field of two elements: 511 of them, as bits of polynomials. */
const powers = [1];
for (let i = 1; i < 511; i++) {
  const next = powers[i - 1] << 1;
  powers.push(next & 512 ? next ^ 0b1000010001 : next);
}

/** Value of a polynomial, given by its bits, at a power of the root. */
function valueAt(polynomial: bigint, power: number): number {
  let value = 0;
  for (let i = 0; polynomial >> BigInt(i) > 0n; i++)
    if ((polynomial >> BigInt(i)) & 1n) value ^= powers[(i * power) % 511];
  return value;
}

test('the divisor of the code words has fifteen roots in a row, so that they differ in 16 bits', () => {
  const divisor = (1n << 64n) | BigInt(/DIVISOR: u64 = (0x[0-9a-f]{16});/.exec(source)![1]);
  expect(new Set(powers).size).toBe(511);
  for (let power = 0; power <= 14; power++) expect(valueAt(divisor, power)).toBe(0);
  expect(valueAt(divisor, 15)).not.toBe(0);
  expect(source).toContain('CODE_DISTANCE: u64 = 16;');
});
