import { Command } from 'commander';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { createLogger } from '../common/logging.js';
import { runUntilSignal } from '../common/lifecycle.js';
import { startCluster } from './cluster.js';

/** `trireme up`: everything on one machine, until Ctrl-C. */
export function buildCommand(): Command {
  return new Command()
    .description('run a load balancer, a master and two workers of different size on this machine, until Ctrl-C')
    .option('--captures <dir>', 'folder whose captures the master and workers may read', process.cwd())
    .option('--free-ports', 'take free ports instead of the default ones')
    .action(async (options: { captures: string; freePorts?: boolean }) => {
      const ports = options.freePorts ? { tcp: 0, lbGrpc: 0, lbAdmin: 0, masterGrpc: 0, masterAdmin: 0 } : defaultPorts;
      const log = createLogger('up');
      const cluster = await startCluster(ports, [options.captures], (_name, line) => process.stderr.write(`${line}\n`));
      process.stdout.write(
        `TCP jobs      ${cluster.lb.tcp}    bin/trireme client --lb ${cluster.lb.tcp} --jobs 1,2,1\n` +
          `gRPC jobs     ${cluster.lb.grpc}    grpcurl -plaintext ${cluster.lb.grpc} list\n` +
          `gRPC captures ${cluster.master.grpc}    bin/trireme analyze --master ${cluster.master.grpc} FILE\n` +
          `metrics       http://${cluster.lb.admin}/metrics  http://${cluster.master.admin}/metrics\n`,
      );
      let broken: string | null = null;
      const close = async (): Promise<void> => cluster.stop();
      void cluster.broken.then((name) => {
        broken = name;
        process.kill(process.pid, 'SIGTERM');
      });
      await runUntilSignal(log, close);
      if (broken !== null)
        throw new TriremeError('UNREACHABLE', `${String(broken)} ended by itself; see its log above`);
    });
}
