import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster, eventually } from '../support/capture-cluster.js';
import { cutCapture, writeRing } from '../support/cut-capture.js';
import { startNats } from '../support/nats-cluster.js';
import { skipWithoutNats, type NatsServer } from '../support/nats-server.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

let servers: NatsServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));
const scratch = scratchFolder();
const ring = join(scratch.path, 'ring');
mkdirSync(ring);
writeRing(ring, cutCapture(readFileSync(join(projectRoot, 'captures', 'sample.pcap')), 20));

interface Listed {
  readonly chunks_total: number;
  readonly state: string;
}

skipWithoutNats('masters that share a ledger')('masters that share a ledger', () => {
  test('a joined capture goes on at another master, though its list was sent to the one that was killed', async () => {
    servers = await startNats(scratch.path, 1);
    const state = ['--state', servers[0].url, '--chunk-bytes', '200KiB'];
    const first = await CaptureCluster.start([scratch.path], state);
    const second = await CaptureCluster.start([scratch.path], state);
    try {
      // It stands still, so that the first master has planned the analysis and is not done with it.
      const worker = await first.addWorker(scratch.path);
      worker.child.kill('SIGSTOP');
      const { stdout } = await runTrireme(['analyze', '--master', first.grpc, '--join', ring, '--detach']);
      const id = stdout.trim();
      const analysis = async (): Promise<Listed> => {
        const listed = await runTrireme(['analyses', '--json', '--master', second.grpc]);
        return (JSON.parse(listed.stdout) as { analyses: Listed[] }).analyses[0];
      };
      await eventually('a plan', async () => (await analysis()).chunks_total > 1);
      await first.master.end('SIGKILL');
      await second.addWorker(scratch.path);
      const resumed = await runTrireme(['analyze', '--json', '--master', second.grpc, '--resume', id], {
        meanwhile: (child) => setTimeout(() => child.kill('SIGKILL'), 60_000).unref(),
      });
      expect(resumed.stdout).toBe((await runTrireme(['analyze', '--json', '--join', ring])).stdout);
      expect(resumed.code).toBe(0);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  }, 120_000);
});
