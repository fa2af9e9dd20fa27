import { Command, InvalidArgumentError, Option } from 'commander';
import { DescriptorWatch, warnOfDescriptors } from '../common/descriptors.js';
import { grpcGuardLimitsDefault } from '../common/grpc-guard-limits.js';
import { addHttpOptions, httpPorts, type HttpOptions } from '../common/http/options.js';
import { TriremeError } from '../common/errors.js';
import { runUntilSignal } from '../common/lifecycle.js';
import { defaultPorts, drainGraceMsDefault } from '../common/limits.js';
import { addLogOptions, createLogger, type Logger, type LogOptions } from '../common/logging.js';
import { byteSize, durationMs, formatHostPort, listenAddress, integer, type HostPort } from '../common/options.js';
import { RecentErrors } from '../common/recent-errors.js';
import { checkPorts, guardPorts, type Port } from '../common/trust/guard.js';
import { addListenerTrust, type TrustOptions } from '../common/trust/options.js';
import { addHubOptions, compileHubOptions, type HubCommandOptions } from '../hub/command-options.js';
import { hubOptionsDefault } from '../hub/port/options.js';
import { lbLimitsDefault } from './limits.js';
import { startLoadBalancer, type RunningLoadBalancer } from './load-balancer.js';
import { readShares } from './shares-file.js';
import { addQueueOptions, compileQueueOptions, type QueueCommandOptions } from './queue/options.js';
import { addAnnounceOptions, announced, memberOf, type AnnounceOptions } from '../nats/options.js';

interface LbCommandOptions
  extends TrustOptions, HubCommandOptions, AnnounceOptions, QueueCommandOptions, LogOptions, HttpOptions {
  readonly tcp: HostPort;
  readonly grpc: HostPort;
  readonly admin: HostPort;
  readonly insecure: boolean;
  readonly tcpTls: boolean;
  readonly tcpProxyProtocol: boolean;
  readonly grace: number;
  readonly connectionsMax: number;
  readonly jobsPerConnection: number;
  readonly jobsTotal: number;
  readonly jobsQueued: number;
  readonly digitsMax: number;
  readonly idleTimeout: number;
  readonly senderTimeout: number;
  readonly readerTimeout: number;
  readonly outputBytes: number;
  readonly unknownInRow: number;
  readonly fairness: 'on' | 'off';
  readonly shares?: string;
}

const dayMs = 86_400_000;

/** `trireme lb` */
export function buildCommand(): Command {
  const limits = lbLimitsDefault;
  const address = (flags: string, description: string, port: number): Option =>
    new Option(flags, description)
      .argParser(listenAddress(port))
      .default({ host: '127.0.0.1', port }, formatHostPort({ host: '127.0.0.1', port }));
  const duration = (flags: string, description: string, ms: number): Option =>
    new Option(flags, description).argParser(durationMs(1, dayMs)).default(ms, `${ms / 1000}s`);
  const count = (flags: string, description: string, value: number, most: number): Option =>
    new Option(flags, description).argParser(integer(1, most)).default(value);
  const command = new Command()
    .description('load balancer: jobs from TCP and gRPC clients to the workers that dial in')
    .addOption(address('--tcp <host:port>', 'where TCP job clients connect', defaultPorts.tcp))
    .addOption(address('--grpc <host:port>', 'where workers and gRPC clients connect', defaultPorts.lbGrpc))
    .addOption(
      address(
        '--admin <host:port>',
        'HTTP: the live page at /, /metrics, /healthz, /readyz, /api/workers',
        defaultPorts.lbAdmin,
      ),
    );
  addHttpOptions(command, defaultPorts.lbHttp)
    .option('--tcp-tls', 'encrypt the TCP port as well, with --tls-cert', false)
    .option(
      '--tcp-proxy-protocol',
      'each TCP connection begins with a PROXY header (version 1 or 2), as a proxy in front of the lb sends it',
      false,
    )
    .addOption(duration('--grace <duration>', 'time to finish what was asked for after SIGTERM', drainGraceMsDefault))
    .addOption(count('--connections-max <n>', 'TCP connections at once', limits.connectionsMax, 1_000_000))
    .addOption(
      new Option('--jobs-per-connection <n>', 'unanswered jobs of one client, a power of two; past it it is not read')
        .argParser(powerOfTwo)
        .default(limits.jobsPerConnectionMax),
    )
    .addOption(
      count('--jobs-total <n>', 'unanswered jobs of all clients; past it none is read', limits.jobsTotalMax, 1e7),
    )
    .addOption(
      count(
        '--jobs-queued <n>',
        'jobs that wait for a worker; past it gRPC calls are refused',
        hubOptionsDefault.jobsQueuedMax,
        1e7,
      ),
    )
    .addOption(count('--digits-max <n>', 'digits of a job number', limits.digitsMax, 15))
    .addOption(duration('--idle-timeout <duration>', 'close a connection without jobs and bytes', limits.idleTimeoutMs))
    .addOption(duration('--sender-timeout <duration>', 'close a connection in mid-number', limits.senderTimeoutMs))
    .addOption(
      duration('--reader-timeout <duration>', 'close a connection that takes no answers', limits.readerTimeoutMs),
    )
    .addOption(
      new Option('--output-bytes <size>', 'bytes waiting in a socket; past it answers are held back')
        .argParser(byteSize(1024, 2 ** 30))
        .default(limits.outputBytesMax),
    )
    .addOption(
      count('--unknown-in-row <n>', 'close a client after so many unknown jobs in a row', limits.unknownInRowMax, 1e9),
    )
    .addOption(
      new Option('--fairness <on|off>', 'clients take turns, those with few jobs first; off: first come, first served')
        .choices(['on', 'off'])
        .default('on'),
    )
    .option(
      '--shares <file>',
      'weights and bounds of clients, by the names of their credentials: who shares full workers gets seconds of their work ' +
        'in proportion to weight (YAML, docs/SHARES.md); read again on SIGHUP',
    )
    .option('--verbose', 'show the stack of an error');
  return addListenerTrust(addQueueOptions(addAnnounceOptions(addHubOptions(addLogOptions(command))))).action(run);
}

function powerOfTwo(value: string): number {
  const number = integer(1, 2 ** 20)(value);
  if ((number & (number - 1)) !== 0) throw new InvalidArgumentError(`'${value}' is not a power of two`);
  return number;
}

const portsOf = ({ tcp, grpc, admin, tcpTls, ...rest }: LbCommandOptions): Port[] => [
  { option: '--tcp', address: tcp, tls: { option: '--tcp-tls', given: tcpTls } },
  { option: '--grpc', address: grpc },
  { option: '--admin', address: admin },
  ...httpPorts(rest),
];

/** What only several options together can get wrong. @throws TriremeError */
export function checkOptions(options: LbCommandOptions): void {
  checkPorts(portsOf(options), options);
}

/** Reads the file of --shares again on SIGHUP; one that is wrong changes nothing. */
function reloadShares(path: string, lb: RunningLoadBalancer, log: Logger): void {
  process.on('SIGHUP', () => {
    try {
      lb.useShares(readShares(path));
      log.info('shares reloaded');
    } catch (error) {
      log.error({ error: TriremeError.from(error).message }, 'shares not reloaded, the old ones stay');
    }
  });
}

async function run(options: LbCommandOptions): Promise<void> {
  const { tcpTls } = options;
  const errors = new RecentErrors();
  const log = createLogger('lb', options, errors);
  const trust = guardPorts(portsOf(options), options, log);
  const shares = options.shares === undefined ? null : readShares(options.shares);
  const lb = await startLoadBalancer(
    {
      tcp: options.tcp,
      grpc: options.grpc,
      admin: options.admin,
      http: options.http,
      httpOrigins: options.httpOrigin ?? [],
      trust,
      errors,
      tcpTls,
      proxyProtocol: options.tcpProxyProtocol,
      fairness: options.fairness === 'on',
      queue: compileQueueOptions(options),
      shares,
      hub: { ...compileHubOptions(options), jobsQueuedMax: options.jobsQueued },
      limits: {
        ...lbLimitsDefault,
        connectionsMax: options.connectionsMax,
        jobsPerConnectionMax: options.jobsPerConnection,
        jobsTotalMax: options.jobsTotal,
        digitsMax: options.digitsMax,
        idleTimeoutMs: options.idleTimeout,
        senderTimeoutMs: options.senderTimeout,
        readerTimeoutMs: options.readerTimeout,
        outputBytesMax: options.outputBytes,
        unknownInRowMax: options.unknownInRow,
      },
    },
    log,
  );
  warnOfDescriptors(
    { tcpConnectionsMax: options.connectionsMax, grpcConnectionsMax: grpcGuardLimitsDefault.connectionsMax },
    log,
  );
  if (options.shares !== undefined) reloadShares(options.shares, lb, log);
  const descriptors = new DescriptorWatch(log);
  const [tcp, grpc, admin] = [lb.tcp, lb.grpc, lb.admin].map(formatHostPort);
  log.info({ tcp, grpc, admin, http: lb.http && formatHostPort(lb.http) }, 'listening');
  const announcement = await announced(memberOf('lb', options, lb), options, log);
  await runUntilSignal(log, options.grace, async () => {
    await Promise.all([announcement?.end(), lb.close(options.grace)]);
    descriptors.close();
  });
}
