import type { Count } from '../../pcap/types.js';
import type { TrafficMatrix } from '../../web/report/data.js';
import { sum } from '../files/fit-series.js';
import type { PairRow } from '../files/pairs.js';

/** Sums pairs of addresses into a matrix with at most so many addresses on each side. */
export function matrixOf(pairs: readonly PairRow[], addressesMax: number): TrafficMatrix {
  const traffic = new Map<string, Count>();
  for (const { a, b, bytes } of pairs) {
    traffic.set(a, sum(traffic.get(a) ?? 0, bytes));
    if (b !== a) traffic.set(b, sum(traffic.get(b) ?? 0, bytes));
  }
  const ranked = [...traffic].sort(([, x], [, y]) => Number(BigInt(y) - BigInt(x))).map(([address]) => address);
  const shown = ranked.length > addressesMax ? ranked.slice(0, addressesMax - 1) : ranked;
  const others = ranked.length - shown.length;
  const positions = new Map(shown.map((address, i) => [address, i]));
  const cells = new Map<number, { from: number; to: number; packets: Count; bytes: Count }>();
  const add = (from: string, to: string, packets: Count, bytes: Count): void => {
    if (packets === 0) return;
    const [x, y] = [positions.get(from) ?? shown.length, positions.get(to) ?? shown.length];
    const key = x * addressesMax + y;
    const cell = cells.get(key) ?? { from: x, to: y, packets: 0, bytes: 0 };
    cells.set(key, { ...cell, packets: sum(cell.packets, packets), bytes: sum(cell.bytes, bytes) });
  };
  for (const pair of pairs) {
    add(pair.a, pair.b, pair.packets_a_to_b, pair.bytes_a_to_b);
    add(pair.b, pair.a, pair.packets_b_to_a, pair.bytes_b_to_a);
  }
  return {
    addresses: others > 0 ? [...shown, `${others} others`] : shown,
    others,
    cells: [...cells.values()],
    packets: pairs.reduce<Count>((all, { packets }) => sum(all, packets), 0),
    bytes: pairs.reduce<Count>((all, { bytes }) => sum(all, bytes), 0),
  };
}
