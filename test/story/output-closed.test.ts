import { spawnSync } from 'node:child_process';
import { JobCluster } from '../support/job-cluster.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';

describe('standard output', () => {
  let cluster: JobCluster;
  let commands: string[][];

  beforeAll(async () => {
    cluster = await JobCluster.start([1]);
    commands = [
      ['lb', '--help'],
      ['analyze', '--help'],
      ['analyze', 'captures/sample.pcap'],
      ['client', '--lb', `${cluster.tcp.host}:${cluster.tcp.port}`, '--jobs', '1,2,1'],
    ];
  });
  afterAll(() => cluster.stop());

  test('whose reader has gone ends a command quietly', async () => {
    for (const args of commands) {
      const ran = await runTrireme(args, { meanwhile: (child) => child.stdout?.destroy() });
      expect([args, ran]).toEqual([args, { code: 0, signal: null, stdout: '', stderr: '' }]);
    }
  });

  test('that the caller has closed is an error of one line', () => {
    for (const args of commands) {
      const { status, stderr } = spawnSync('sh', ['-c', 'exec "$0" "$@" >&-', triremePath, ...args], {
        encoding: 'utf8',
      });
      if (args[0] === 'lb') continue;
      expect([args, stderr]).toEqual([args, expect.stringMatching(/^trireme: standard output is closed[^\n]*\n$/)]);
      expect(status).toBe(1);
    }
  });

  test('that is full is an error of one line', () => {
    for (const args of commands) {
      const full = ['-c', 'exec "$0" "$@" > /dev/full', triremePath, ...args];
      const { status, stderr } = spawnSync('sh', full, { encoding: 'utf8' });
      expect([args, stderr]).toEqual([args, expect.stringMatching(/^trireme: (standard output: )?ENOSPC: [^\n]*\n$/)]);
      expect(status).toBe(1);
    }
  });
});
