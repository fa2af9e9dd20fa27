import { mustRun } from './tools.js';

/** One element of a pinned map as bpftool prints it: values by the names of the program's C structs (BTF). */
interface Dumped {
  readonly formatted?: {
    readonly value?: unknown;
    readonly values?: readonly { readonly value: unknown }[];
  };
}

function hex(bytes: Buffer): string[] {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
}

/** Writes the one element of an array map. */
export async function writeMap(pin: string, value: Buffer): Promise<void> {
  const argv = ['bpftool', 'map', 'update', 'pinned', pin, 'key', 'hex', ...hex(Buffer.alloc(4)), 'value', 'hex'];
  await mustRun(`write the map ${pin}`, [...argv, ...hex(value)]);
}

async function dump(pin: string): Promise<Dumped['formatted']> {
  const rows = JSON.parse(
    await mustRun(`read the map ${pin}`, ['bpftool', '-j', 'map', 'dump', 'pinned', pin]),
  ) as Dumped[];
  return rows[0]?.formatted;
}

/** The one element of an array map. */
export async function readMap<T>(pin: string): Promise<T> {
  return (await dump(pin))?.value as T;
}

/** The one element of a per-CPU array of counters, added up over the CPUs. */
export async function readCounters(pin: string): Promise<Record<string, number>> {
  const values = (await dump(pin))?.values ?? [];
  return addCounters(values.map(({ value }) => value as Record<string, number>));
}

/** Adds up counters name by name. */
export function addCounters(rows: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const row of rows) {
    for (const [name, count] of Object.entries(row)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}
