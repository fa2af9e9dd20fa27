import { walkFields } from '../../../src/common/wire.js';

function walk(bytes: number[]): unknown[] {
  const seen: unknown[] = [];
  walkFields(Uint8Array.from(bytes), 0, bytes.length, (...field) => seen.push(field));
  return seen;
}

test('fields of every wire type are told with their place, in numbers of more than one byte too', () => {
  expect(walk([0x08, 0x96, 0x01, 0x12, 2, 7, 7, 0x1d, 0, 0, 0, 0, 0x21, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual([
    [1, 0, 1, 3],
    [2, 2, 5, 7],
    [3, 5, 8, 12],
    [4, 1, 13, 21],
  ]);
  expect(walk([0x82, 0x01, 0])).toEqual([[16, 2, 3, 3]]);
});

test('a walk of some fields ends where the next one stands', () => {
  const bytes = Uint8Array.from([0x08, 1, 0x08, 2, 0x08, 3]);
  const seen: number[] = [];
  const visit = (_field: number, _wireType: number, from: number): void => void seen.push(bytes[from]);
  expect([walkFields(bytes, 0, 6, visit, 2), walkFields(bytes, 4, 6, visit, 2), seen]).toEqual([4, 6, [1, 2, 3]]);
});

test.each([
  ['a length behind the end', [0x0a, 5, 1], 'behind the end'],
  ['a number cut short', [0x08, 0x80], 'cut short'],
  ['a number without end', [0x08, ...Array<number>(11).fill(0xff)], 'more than 10 bytes'],
  ['a group', [0x0b, 0x0c], 'wire type 3'],
])('%s is refused', (_what, bytes, message) => {
  expect(() => walk(bytes)).toThrow(message);
});
