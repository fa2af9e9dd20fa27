import { Command } from 'commander';
import { TriremeError } from '../common/errors.js';
import { defaultPorts, drainGraceMsDefault } from '../common/limits.js';
import { addLogOptions, createLogger, logLineShower, type LogOptions } from '../common/logging.js';
import { runUntilSignal } from '../common/lifecycle.js';
import { addLoopbackTrust, compileListenerTrust, type TrustOptions } from '../common/trust/options.js';
import { reloadOnHangup } from '../common/trust/guard.js';
import { programName } from '../common/version.js';
import { roleTrust, startCluster } from './cluster.js';

interface UpCommandOptions extends TrustOptions, LogOptions {
  readonly captures: string;
  readonly freePorts?: boolean;
  readonly tcpTls: boolean;
}

/** `trireme up`: everything on one machine, until Ctrl-C. */
export function buildCommand(): Command {
  const command = new Command()
    .description('run a load balancer, a master and two workers of different size on this machine, until Ctrl-C')
    .option('--captures <dir>', 'folder whose captures the master and workers may read', process.cwd())
    .option('--free-ports', 'take free ports instead of the default ones')
    .option('--tcp-tls', 'encrypt the TCP port as well, with --tls-cert', false);
  return addLoopbackTrust(addLogOptions(command)).action(run);
}

async function run(options: UpCommandOptions): Promise<void> {
  const ports = options.freePorts ? { tcp: 0, lbGrpc: 0, lbAdmin: 0, masterGrpc: 0, masterAdmin: 0 } : defaultPorts;
  const settings = compileListenerTrust(options);
  const trust = roleTrust(settings, options.tcpTls);
  const log = createLogger('up', options);
  const show = logLineShower(options);
  const onLine = (_name: string, line: string): void => show(line);
  const cluster = await startCluster(ports, [options.captures], onLine, trust, options.logLevel);
  reloadOnHangup(settings, cluster, log);
  const plain = settings.tls === null;
  let broken: string | null = null;
  const close = async (): Promise<void> => cluster.stop();
  void cluster.broken.then((name) => {
    broken = name;
    process.kill(process.pid, 'SIGTERM');
  });
  // Ctrl-C is heard before anybody reads of it.
  const ended = runUntilSignal(log, drainGraceMsDefault, close);
  process.stdout.write(
    `TCP jobs      ${cluster.lb.tcp}    ${programName} client --lb ${cluster.lb.tcp} --jobs 1,2,1\n` +
      `gRPC jobs     ${cluster.lb.grpc}    grpcurl ${plain ? '-plaintext ' : ''}${cluster.lb.grpc} list\n` +
      `gRPC captures ${cluster.master.grpc}    ${programName} analyze --master ${cluster.master.grpc} FILE\n` +
      `live pages    ${[cluster.lb, cluster.master].map(({ admin }) => `http${plain ? '' : 's'}://${admin}/`).join('  ')}\n` +
      `workers       ${programName} top --lb ${cluster.lb.grpc}\n` +
      `metrics       ${[cluster.lb, cluster.master].map(({ admin }) => `http${plain ? '' : 's'}://${admin}/metrics`).join('  ')}\n` +
      'Ctrl-C ends everything.\n' +
      (settings.token === null && plain ? '' : 'Clients need the credentials of these roles as well.\n'),
  );
  await ended;
  if (broken !== null) throw new TriremeError('UNREACHABLE', `${String(broken)} ended by itself; see its log above`);
}
