import { addressOf, pairsOf } from '../../../../src/analyze/files/pairs.js';
import { matrixOf } from '../../../../src/analyze/html/matrix.js';
import type { ConversationRow } from '../../../../src/pcap/report-types.js';

function conversation(a: string, b: string, sent: number, received: number): ConversationRow {
  return {
    proto: 'tcp',
    a,
    b,
    packets: 2,
    bytes: sent + received,
    packets_a_to_b: 1,
    bytes_a_to_b: sent,
    packets_b_to_a: 1,
    bytes_b_to_a: received,
    first_ns: null,
    last_ns: null,
    bits_per_second: null,
  };
}

const talk = [
  conversation('10.0.0.1:80', '10.0.0.2:1024', 100, 10),
  conversation('10.0.0.1:80', '10.0.0.2:1025', 200, 20),
  conversation('10.0.0.1:80', '10.0.0.3:1024', 1000, 1),
  conversation('[2001:db8::1]:80', '[2001:db8::2]:1024', 7, 7),
];

test('the address of an endpoint has neither port nor brackets', () => {
  expect([addressOf('10.0.0.1:80'), addressOf('[::1]:80')]).toEqual(['10.0.0.1', '::1']);
});

test('conversations of the same two addresses are one pair, most bytes first', () => {
  expect(pairsOf(talk).map(({ a, b, conversations, bytes }) => [a, b, conversations, bytes])).toEqual([
    ['10.0.0.1', '10.0.0.3', 1, 1001],
    ['10.0.0.1', '10.0.0.2', 2, 330],
    ['2001:db8::1', '2001:db8::2', 1, 14],
  ]);
  expect(pairsOf(talk)[1]).toMatchObject({ bytes_a_to_b: 300, bytes_b_to_a: 30, packets_a_to_b: 2 });
});

test('the matrix tells senders from receivers and adds up to its pairs', () => {
  const { addresses, cells, bytes, others } = matrixOf(pairsOf(talk), 24);
  expect(addresses.slice(0, 3)).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.2']);
  const at = (from: string, to: string): unknown =>
    cells.find((cell) => addresses[cell.from] === from && addresses[cell.to] === to)?.bytes;
  expect([at('10.0.0.1', '10.0.0.2'), at('10.0.0.2', '10.0.0.1'), at('10.0.0.2', '10.0.0.3')]).toEqual([
    300,
    30,
    undefined,
  ]);
  expect(cells.reduce((all, cell) => all + Number(cell.bytes), 0)).toBe(bytes);
  expect(others).toBe(0);
});

test('many addresses are told as one, and no byte is lost', () => {
  const many = Array.from({ length: 400 }, (_, i) =>
    conversation(`10.0.${i >> 8}.${i & 255}:1`, '10.9.9.9:2', 400 - i, 1),
  );
  const { addresses, cells, bytes, others } = matrixOf(pairsOf(many), 24);
  expect(addresses).toHaveLength(24);
  expect(addresses[0]).toBe('10.9.9.9');
  expect(addresses[23]).toBe(`${others} others`);
  expect(others).toBe(401 - 23);
  expect(cells.reduce((all, cell) => all + Number(cell.bytes), 0)).toBe(bytes);
});
