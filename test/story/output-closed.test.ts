import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { JobCluster } from '../support/job-cluster.js';

/** Runs the program with a standard output that nobody reads, or that is full. */
async function run(output: 'closed' | 'full', args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const out = output === 'full' ? openSync('/dev/full', 'w') : 'pipe';
  const child = spawn(join(projectRoot, 'bin', 'trireme'), args, { stdio: ['ignore', out, 'pipe'] });
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

describe('standard output', () => {
  let cluster: JobCluster;
  let client: string[];

  beforeAll(async () => {
    cluster = await JobCluster.start([1]);
    client = ['client', '--lb', `${cluster.tcp.host}:${cluster.tcp.port}`, '--jobs', '1,2,1'];
  });
  afterAll(() => cluster.stop());

  test('whose reader has gone ends a command quietly', async () => {
    for (const args of [['lb', '--help'], ['analyze', 'captures/sample.pcap'], client])
      expect([args, await run('closed', args)]).toEqual([args, { code: 0, stderr: '' }]);
  });

  test('that is full is an error of one line', async () => {
    for (const args of [['lb', '--help'], ['analyze', 'captures/sample.pcap'], client])
      expect([args, await run('full', args)]).toEqual([
        args,
        { code: 1, stderr: expect.stringMatching(/^trireme: (standard output: )?ENOSPC: [^\n]*\n$/) },
      ]);
  });
});
