import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const five = scratch.file('five.pcap', smallCapture(fivePackets));
const sample = join(projectRoot, 'captures', 'sample.pcap');
const tables = ['conversations', 'endpoints', 'pairs', 'protocols', 'series', 'sizes', 'summary', 'tunnels'];
const rowsOf = (folder: string, table: string): string[][] =>
  readFileSync(join(folder, `${table}.csv`), 'utf8')
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));

describe('analyze --csv DIR', () => {
  test('makes the folder and writes every table, and prints what it would print without', async () => {
    const folder = join(scratch.path, 'new', 'tables');
    const { code, stdout, stderr } = await runTrireme(['analyze', sample, '--json', '--csv', folder]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(`^trireme: wrote ${tables.length} tables in .* kB\\)\n$`),
    });
    expect(stdout).toBe((await runTrireme(['analyze', sample, '--json'])).stdout);
    expect(readdirSync(folder).sort()).toEqual(tables.map((table) => `${table}.csv`));
    expect(rowsOf(folder, 'conversations')).toHaveLength(1 + 42);
    expect(rowsOf(folder, 'summary')[1].slice(0, 5)).toEqual([sample, 'pcap', 'little', '', '1043']);
  });

  test('holds as many rows as asked for, and the series of a plain interval', async () => {
    const folder = join(scratch.path, 'few/');
    await runTrireme(['analyze', sample, '--csv', folder, '--top', '3', '--quiet']);
    expect(rowsOf(folder, 'conversations')).toHaveLength(1 + 3);
    const [, ...series] = rowsOf(folder, 'series');
    expect(series.reduce((all, [, , , packets]) => all + Number(packets), 0)).toBe(1043);
    const interval = series[0][2];
    const { stdout } = await runTrireme(['analyze', sample, '--csv', 'series', '--interval', `${interval}ns`]);
    expect(readFileSync(join(folder, 'series.csv'), 'utf8')).toBe(stdout);
  });

  test('is refused before the scan where nothing can be written', async () => {
    const { code, stderr, stdout } = await runTrireme(['analyze', five, '--csv', join(five, 'tables')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^trireme: --csv .*tables: cannot be written: ENOTDIR\n$/);
  });
});

describe('analyze --html', () => {
  test('never overwrites a file that is no report', async () => {
    const before = readFileSync(five);
    const { code, stderr } = await runTrireme(['analyze', '--html', five, sample]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('is a file that is no HTML') });
    expect(readFileSync(five)).toEqual(before);
  });

  test('names the folder that is missing', async () => {
    const { code, stderr } = await runTrireme(['analyze', five, '--html', join(scratch.path, 'none', 'r.html')]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`there is no folder`) });
    expect(existsSync(join(scratch.path, 'none'))).toBe(false);
  });

  test('a disk that is full is told, after the result was printed', async () => {
    const { code, stdout, stderr } = await runTrireme(['analyze', five, '--html', '/dev/full']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Total number of packets: 5\n/);
    expect(stderr).toBe(
      'trireme: --html /dev/full: cannot be written: ENOSPC: no space is left on the disk: make room there, or name another place\n',
    );
  });
});
