import { Command, Option } from 'commander';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DescriptorWatch, warnOfDescriptors } from '../common/descriptors.js';
import { grpcGuardLimitsDefault } from '../common/grpc-guard-limits.js';
import { addHttpOptions, httpPorts, type HttpOptions } from '../common/http/options.js';
import { runUntilSignal } from '../common/lifecycle.js';
import { defaultPorts, drainGraceMsDefault } from '../common/limits.js';
import { addLogOptions, createLogger, type LogOptions } from '../common/logging.js';
import { moreFileThreads } from '../captures/file/file-work.js';
import { urlPrefixes, type UrlPrefix } from '../captures/url/url-prefix.js';
import { byteSize, durationMs, formatHostPort, listenAddress, type HostPort } from '../common/options.js';
import { RecentErrors } from '../common/recent-errors.js';
import { checkPorts, guardPorts, type Port } from '../common/trust/guard.js';
import { addListenerTrust, type TrustOptions } from '../common/trust/options.js';
import { addHubOptions, compileHubOptions, type HubCommandOptions } from '../hub/command-options.js';
import { keepMsDefault, keepMsMax, keepMsMin } from '../ledger/retention.js';
import { isNatsUrl, natsUrl, type NatsSettings } from '../nats/nats-url.js';
import { waitMsDefault, waitMsMax } from '../pcap/request.js';
import { startMaster } from './master.js';
import { addAnnounceOptions, announced, memberOf, type AnnounceOptions } from '../nats/options.js';

/** Total size of the spool when the option does not say. */
const spoolBytesMaxDefault = 64 * 2 ** 30;

interface MasterCommandOptions extends TrustOptions, HubCommandOptions, AnnounceOptions, LogOptions, HttpOptions {
  readonly grpc: HostPort;
  readonly admin: HostPort;
  readonly adminReadOnly?: boolean;
  readonly captures?: string[];
  readonly allowUrl?: UrlPrefix[];
  readonly spool: string;
  readonly spoolBytesMax: number;
  readonly wait: number;
  readonly grace: number;
  readonly state?: string;
  readonly keep: number;
  readonly insecure: boolean;
  readonly chunkBytes?: number;
}

/** `trireme master`. @param reportThread what a thread runs that makes a report: a module below src */
export function buildCommand(reportThread: string): Command {
  const address = (flags: string, description: string, port: number): Option =>
    new Option(flags, description)
      .argParser(listenAddress(port))
      .default({ host: '127.0.0.1', port }, formatHostPort({ host: '127.0.0.1', port }));
  const command = new Command()
    .description('capture master: splits captures into chunks for the workers that dial in, and merges what they find')
    .addOption(address('--grpc <host:port>', 'where workers and clients connect', defaultPorts.masterGrpc))
    .addOption(
      address(
        '--admin <host:port>',
        'HTTP: the live page at /, which takes captures; /metrics, /healthz, /readyz, /api/workers',
        defaultPorts.masterAdmin,
      ),
    )
    .option('--admin-read-only', 'the admin port only tells: it takes no captures, starts no analysis and ends none');
  addHttpOptions(command, defaultPorts.masterHttp)
    .option('--captures <dir>', 'folder whose captures may be read; repeatable (default: the current one)', collect)
    .option(
      '--allow-url <prefix>',
      'captures at http(s) URLs below it may be read; repeatable (default: none)',
      urlPrefixes,
    )
    .option(
      '--spool <dir>',
      'folder for captures that clients send (with --state: DIR/spool)',
      join(tmpdir(), `trireme-spool-${userInfo().uid}`),
    )
    .addOption(
      new Option('--spool-bytes-max <size>', 'bytes that all uploads may take')
        .argParser(byteSize(0, 2 ** 50))
        .default(spoolBytesMaxDefault, '64GiB'),
    )
    .option(
      '--state <place>',
      'remember analyses in this folder, so that they go on after the master was killed; or at nats://H:P[,H:P...], ' +
        'shared with other masters (credentials and TLS by NATS_CREDS, NATS_CA and their like; TRIREME_STATE hides a URL)',
    )
    .addOption(
      new Option('--keep <duration>', 'time that results are kept')
        .argParser(durationMs(keepMsMin, keepMsMax))
        .default(keepMsDefault, '24h'),
    )
    .addOption(
      new Option('--wait <duration>', 'wait for a first worker when the caller does not say')
        .argParser(durationMs(1, waitMsMax))
        .default(waitMsDefault, `${waitMsDefault / 1000}s`),
    )
    .addOption(
      new Option('--grace <duration>', 'time to finish what runs after SIGTERM')
        .argParser(durationMs(0, 3_600_000))
        .default(drainGraceMsDefault, `${drainGraceMsDefault / 1000}s`),
    )
    .addOption(
      new Option('--chunk-bytes <size>', 'bytes of a chunk, instead of sizing it for the workers')
        .argParser(byteSize(1, 2 ** 40))
        .hideHelp(),
    )
    .option('--verbose', 'print the stack of an error');
  return addListenerTrust(addAnnounceOptions(addHubOptions(addLogOptions(command)))).action(
    (options: MasterCommandOptions) => run(options, reportThread),
  );
}

const portsOf = ({ grpc, admin, ...rest }: MasterCommandOptions): Port[] => [
  { option: '--grpc', address: grpc },
  { option: '--admin', address: admin },
  ...httpPorts(rest),
];

/** What only several options together can get wrong. @throws TriremeError */
export function checkOptions(options: MasterCommandOptions): void {
  checkPorts(portsOf(options), options);
}

async function run(options: MasterCommandOptions, reportThread: string): Promise<void> {
  const { captures = [process.cwd()], allowUrl: urls = [], wait, grace, chunkBytes = null } = options;
  const { grpc, admin, spool, spoolBytesMax, keep } = options;
  const state = stateOf(options);
  const errors = new RecentErrors();
  const log = createLogger('master', options, errors);
  moreFileThreads();
  const trust = guardPorts(portsOf(options), options, log);
  const master = await startMaster(
    {
      grpc,
      admin,
      adminReadOnly: options.adminReadOnly ?? false,
      reportThread,
      http: options.http,
      httpOrigins: options.httpOrigin ?? [],
      captures,
      urls,
      spool,
      spoolBytesMax,
      state,
      keepMs: keep,
      waitMs: wait,
      chunkBytes,
      trust,
      errors,
      hub: compileHubOptions(options),
    },
    log,
  );
  const [grpcAt, adminAt] = [master.grpc, master.admin].map(formatHostPort);
  const httpAt = master.http && formatHostPort(master.http);
  log.info({ grpc: grpcAt, admin: adminAt, http: httpAt, captures }, 'listening');
  warnOfDescriptors({ grpcConnectionsMax: grpcGuardLimitsDefault.connectionsMax }, log);
  const descriptors = new DescriptorWatch(log);
  const announcement = await announced(memberOf('master', options, master), options, log);
  await runUntilSignal(log, grace, async () => {
    await Promise.all([announcement?.end(), master.close(grace)]);
    descriptors.close();
  });
}

/** What --state names: a folder, NATS, or nothing. */
function stateOf({ state }: MasterCommandOptions): string | NatsSettings | null {
  const place = state ?? process.env.TRIREME_STATE ?? '';
  if (isNatsUrl(place)) return natsUrl(place);
  return place === '' ? null : place;
}

function collect(folder: string, before: string[] | undefined): string[] {
  return [...(before ?? []), folder];
}
