import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Bed, pause } from '../../test/lab/support/bed.js';

/**
 * Time of one measurement, and measurements of which the median counts; the sides take turns, so that both
 * meet the same noise.
 */
const seconds = 2;
const rounds = 3;

/**
 * Jobs under way: one (the round trip itself) and many (how much goes through), fewer than the server's 255 threads.
 */
const windows = [1, 128] as const;

interface Figures {
  readonly answersPerS: number;
  readonly roundTripUs: number;
}

/**
 * Client, balancer and server on a bridge: the kernel's balancer, native and generic, and a relay in C that
 * only forwards.
 */
export async function endToEnd(compiler: string, source: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'trireme-relay-'));
  const program = join(folder, 'udp');
  const bed = await Bed.make(['lb', 'server', 'client']);
  try {
    execFileSync(compiler, ['-O2', source, '-o', program]);
    await compare(bed, program);
  } finally {
    await bed.end();
    rmSync(folder, { recursive: true });
  }
}

async function compare(bed: Bed, program: string): Promise<void> {
  const server = bed.start('server', [program, 'server', '10.9.0.1', '50002', '7000']);
  const median = (values: number[]): number => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
  const measured = new Map<string, Figures[]>();
  const measure = (side: string): void => {
    for (const window of windows) {
      const said = bed.must('client', [program, 'client', '10.9.0.1', '50002', `${window}`, `${seconds}`]);
      const [answersPerS, roundTripUs] = said.split(' ').map(Number);
      const key = `${side}, ${window} under way`;
      measured.set(key, [...(measured.get(key) ?? []), { answersPerS, roundTripUs }]);
    }
  };
  for (let round = 0; round < rounds; round++) {
    for (const mode of ['native', 'generic']) {
      bed.mustTrireme('lb', 'xdp', 'attach', 'lb', '--iface', 'eth0', '--mode', mode);
      // Until the server's next byte has registered it.
      await pause(300);
      measure(`XDP ${mode}`);
      bed.mustTrireme('lb', 'xdp', 'detach');
    }
    const relay = bed.start('lb', [program, 'relay', '50002', '10.9.0.2', '7000']);
    await pause(100);
    measure('relay in C');
    await relay.stop('SIGTERM');
  }
  const table = new Table({
    head: ['side', 'answers/s', 'round trip us'],
    style: { head: [], border: [], compact: true },
  });
  for (const [side, figures] of [...measured].sort(([one], [other]) => one.localeCompare(other)))
    table.push([side, median(figures.map((f) => f.answersPerS)), median(figures.map((f) => f.roundTripUs))]);
  process.stdout.write(`\n${table.toString()}\n`);
  process.stdout.write(
    `job and result through the balancer, on veth and a bridge, ${seconds} s each, median of ${rounds}; the relay only forwards\n`,
  );
  await server.stop('SIGTERM');
}
