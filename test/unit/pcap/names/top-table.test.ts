import { TopTable, type TopRow } from '../../../../src/pcap/names/top-table.js';

const empty = (): TopRow => ({ weight: 0, before: 0 });

function filled(keys: readonly string[], kept: number): TopTable<TopRow> {
  const table = new TopTable(empty, kept);
  for (const key of keys) table.row(key).weight++;
  return table;
}

describe('a table of the heaviest keys', () => {
  test('is exact as long as nothing has gone', () => {
    const table = filled(['b', 'a', 'b', 'c', 'a', 'b'], 2);
    expect(table.floor).toBe(0);
    expect(table.top(2)).toEqual([
      ['b', { weight: 3, before: 0 }],
      ['a', { weight: 2, before: 0 }],
    ]);
  });

  test('holds at most twice as many rows as it keeps', () => {
    const table = filled(
      Array.from({ length: 1000 }, (_, i) => `key${i}`),
      8,
    );
    expect(table.size).toBeLessThanOrEqual(16);
    expect(table.floor).toBeGreaterThan(0);
  });

  test('has each key that comes more often than the floor, within its bounds, whatever comes between', () => {
    const keys: string[] = [];
    const truth = new Map<string, number>();
    let state = 7;
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const key = i % 50 === 0 ? `heavy${(i / 50) % 4}` : `random${state >>> 8}`;
      keys.push(key);
      truth.set(key, (truth.get(key) ?? 0) + 1);
    }
    const table = filled(keys, 256);
    const rows = new Map(table.entries());
    const wrong = [...truth].filter(([key, count]) => {
      const row = rows.get(key);
      return row === undefined ? count > table.floor : row.weight > count || count > row.weight + row.before;
    });
    expect(wrong).toEqual([]);
    expect(table.floor).toBeLessThanOrEqual(20_000 / 256);
    expect(table.top(4).map(([key]) => key)).toEqual(['heavy0', 'heavy1', 'heavy2', 'heavy3']);
  });

  test('goes on from its state as if it had never stopped', () => {
    const keys = Array.from({ length: 300 }, (_, i) => `key${(i * 7) % 61}`);
    const first = filled(keys.slice(0, 150), 8);
    const second = new TopTable(empty, 8);
    second.restore(JSON.parse(JSON.stringify(first.state())));
    for (const key of keys.slice(150)) second.row(key).weight++;
    expect(second.state()).toEqual(filled(keys, 8).state());
  });

  test.each([
    ['nothing', null],
    ['a floor below 0', { floor: -1, rows: [] }],
    ['a row without a figure', { floor: 0, rows: [['a', { weight: 1 }]] }],
    ['a figure that is a text', { floor: 0, rows: [['a', { weight: '1', before: 0 }]] }],
    ['more rows than it holds', { floor: 0, rows: Array.from({ length: 17 }, (_, i) => [`${i}`, empty()]) }],
  ])('refuses %s as a state', (_what, state) => {
    expect(() => new TopTable(empty, 8).restore(state)).toThrow(/^a chunk's result is not valid: .* of its names$/);
  });
});
