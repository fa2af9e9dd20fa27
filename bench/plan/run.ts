import Table from 'cli-table3';
import { Command, Option } from 'commander';

import { byteSize } from '../../src/common/options.js';
import { mergeCosts } from './merge-costs.js';
import { simulate } from './simulated.js';

interface Options {
  readonly size: number;
  readonly slotSpeed: number;
  readonly masterSpeed: number;
}

const workersOf = [1, 10, 30, 100, 300, 1000];
const entriesOf = [1_000, 100_000, 1_000_000];
const slotsEach = 2;

new Command('bench plan')
  .description('simulate one analysis on 1 to 1,000 workers, with the costs of merging measured here')
  .addOption(new Option('--size <bytes>', 'size of the capture').default(1e12, '1T').argParser(byteSize(1e9, 1e15)))
  .addOption(
    new Option('--slot-speed <bytes>', 'bytes that a slot scans in a second')
      .default(1e9)
      .argParser(byteSize(1e6, 1e11)),
  )
  .addOption(
    new Option('--master-speed <bytes>', 'bytes of results that reach the master in a second')
      .default(1.25e9, '10 Gbit')
      .argParser(byteSize(1e6, 1e12)),
  )
  .action(({ size, slotSpeed, masterSpeed }: Options) => {
    const costs = mergeCosts();
    const { secondsPerChunk, secondsPerEntry, bytesPerEntry } = costs;
    process.stdout.write(
      `merging: ${(secondsPerChunk * 1e6).toFixed(0)} us a chunk, ${(secondsPerEntry * 1e9).toFixed(0)} ns and ` +
        `${bytesPerEntry.toFixed(0)} bytes an entry\n`,
    );
    const head = ['workers', ...entriesOf.map((entries) => `${entries.toLocaleString('en')} entries a chunk`)];
    const table = new Table({ head, style: { head: [], border: [] } });
    for (const workers of workersOf) {
      const fleet = { workers, slotsEach, slotBytesPerSecond: slotSpeed, masterBytesPerSecond: masterSpeed };
      const ideal = size / (workers * slotsEach * slotSpeed);
      const cells = entriesOf.map((entries) => {
        const { seconds, chunks, mergeShare, networkShare } = simulate(size, entries, fleet, costs);
        const percent = (share: number): string => `${Math.round(share * 100)} %`;
        return (
          `${seconds.toFixed(seconds < 10 ? 1 : 0)} s, ${(seconds / ideal).toFixed(2)} of ideal ` +
          `(${chunks} chunks, merging ${percent(mergeShare)}, network ${percent(networkShare)})`
        );
      });
      table.push([String(workers), ...cells]);
    }
    process.stdout.write(`${table.toString()}\n`);
  })
  .parse();
