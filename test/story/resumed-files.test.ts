import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const sample = join(projectRoot, 'captures', 'sample.pcap');

test('a resumed analysis is written to files with what it was submitted with', async () => {
  const cluster = await CaptureCluster.start([join(projectRoot, 'captures')]);
  try {
    await cluster.addWorker(join(projectRoot, 'captures'));
    const submit = async (...args: string[]): Promise<string> =>
      (await runTrireme(['analyze', '--master', cluster.grpc, '--detach', sample, ...args])).stdout.trim();
    const resume = (id: string, ...args: string[]) =>
      runTrireme(['analyze', '--master', cluster.grpc, '--resume', id, '-q', ...args]);

    const plain = await submit();
    const report = join(scratch.path, 'report.html');
    const tables = join(scratch.path, 'tables');
    mkdirSync(tables, { recursive: true });
    const written = await resume(plain, '--html', report, '--csv', tables);
    expect([written.stderr, written.code]).toEqual(['', 0]);
    expect(readFileSync(report, 'utf8')).toContain('"packets":1043');
    expect(readFileSync(join(tables, 'series.csv'), 'utf8')).toBe('file,start_ns,interval_ns,packets,bytes\r\n');
    expect(readFileSync(join(tables, 'conversations.csv'), 'utf8').split('\r\n')).toHaveLength(12);

    const asked = await submit('--interval', '500ms');
    const beside = await resume(asked, '--json', '--csv', tables);
    expect(beside.stdout).toBe((await resume(asked, '--json')).stdout);
    expect(readFileSync(join(tables, 'series.csv'), 'utf8')).toContain(',500000000,');
  } finally {
    await cluster.stop();
  }
});
