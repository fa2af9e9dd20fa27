import { Command, InvalidArgumentError, Option } from 'commander';
import { moreFileThreads } from '../captures/file/file-work.js';
import { urlPrefixes, type UrlPrefix } from '../captures/url/url-prefix.js';
import { defaultPorts, drainGraceMsDefault } from '../common/limits.js';
import { runUntilSignal } from '../common/lifecycle.js';
import { addLogOptions, createLogger, type LogOptions } from '../common/logging.js';
import { durationMs, hostPorts, integer, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import {
  addDiallerTrust,
  compileDiallerTrust,
  compileDiscoveredTrust,
  type TrustOptions,
  type TrustSettings,
} from '../common/trust/options.js';
import { reloadOnHangup } from '../common/trust/guard.js';
import { slotsMax } from '../kinds/kind.js';
import { slotsDefault } from './machine.js';
import { Worker } from './worker.js';
import { addDiscoverOption } from '../nats/options.js';
import type { NatsSettings } from '../nats/nats-url.js';
import { TriremeError } from '../common/errors.js';

interface CommandOptions extends TrustOptions, LogOptions {
  readonly host?: HostPort[];
  readonly discover?: NatsSettings;
  readonly slots: number;
  readonly name?: string;
  readonly captures?: string[];
  readonly kinds?: string[];
  readonly commands?: string[];
  readonly allowUrl?: UrlPrefix[];
  readonly grace: number;
}

export function buildCommand(): Command {
  const command = new Command()
    .description('run jobs for the hubs (load balancers and masters) that it dials; it dials again for ever')
    .option(
      '--host <H:P,...>',
      `hubs to dial; a bare host gets port ${defaultPorts.lbGrpc}`,
      hostPorts(defaultPorts.lbGrpc),
    )
    .addOption(
      new Option('--slots <n>', 'jobs that run at once')
        .argParser(integer(1, slotsMax))
        .default(slotsDefault, 'one for each core that it may use'),
    )
    .option('--name <s>', 'how lists call it (default: host name and process id)', workerName)
    .option('--captures <dir>', 'folder whose captures may be read; repeatable (default: the current one)', collect)
    .option('--kinds <dir>', "folder with kinds of one's own, files NAME.kind.js, .mjs or .cjs; repeatable", collect)
    .option('--commands <file>', 'YAML file with programs that are kinds (docs/KINDS.md); repeatable', collect)
    .option(
      '--allow-url <prefix>',
      'read captures at http(s) URLs only below it, others through the hub; repeatable (default: all that hubs name)',
      urlPrefixes,
    )
    .addOption(
      new Option('--grace <duration>', 'longest wait for running jobs after SIGTERM')
        .argParser(durationMs(0, 3_600_000))
        .default(drainGraceMsDefault, `${drainGraceMsDefault / 1000}s`),
    )
    .option('--verbose', 'print the stack of an error');
  return addDiallerTrust(addDiscoverOption(addLogOptions(command), 'dial all hubs that are')).action(run);
}

/** What only several options together can get wrong. @throws TriremeError */
export function checkOptions({ host = [], discover, ...options }: CommandOptions): TrustSettings {
  if (host.length === 0 && discover === undefined)
    throw new TriremeError('USAGE', 'say where the hubs are: --host H:P[,H:P...] or --discover nats://H:P');
  return discover === undefined ? compileDiallerTrust(options) : compileDiscoveredTrust(options);
}

async function run(all: CommandOptions): Promise<void> {
  const settings = checkOptions(all);
  const {
    host = [],
    discover,
    slots,
    name,
    captures = [process.cwd()],
    kinds = [],
    commands = [],
    allowUrl,
    grace,
    ...options
  } = all;
  const trust = new DiallerTrust(settings);
  const log = createLogger('worker', options);
  moreFileThreads();
  reloadOnHangup(settings, trust, log);
  const worker = await Worker.start(
    { hubs: host, slots, name, captures, kinds, commands, urls: allowUrl ?? null, graceMs: grace, trust },
    log,
  );
  const members =
    discover === undefined
      ? null
      : (await import('../nats/members.js')).watchMembers(
          discover,
          null,
          (found) => worker.follow([...host, ...found.map((member) => member.grpc)]),
          log,
        );
  await runUntilSignal(log, grace, async () => {
    await Promise.all([members?.close(), worker.drain(grace)]);
  });
}

function collect(path: string, before: string[] | undefined): string[] {
  return [...(before ?? []), path];
}

function workerName(value: string): string {
  if (/^[\x21-\x7e]{1,128}$/.test(value)) return value;
  throw new InvalidArgumentError(`'${value}' is not 1 to 128 printable characters without blanks`);
}
