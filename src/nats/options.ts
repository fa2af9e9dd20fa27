import { hostname } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { TriremeError } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import type { HostPort } from '../common/options.js';
import type { Member, MemberRole } from './member-book.js';
import { natsName, natsUrl, type NatsSettings } from './nats-url.js';

/** Options of a role that others find by NATS. */
export interface AnnounceOptions {
  readonly announce?: NatsSettings;
  readonly advertise?: string;
}

export function addAnnounceOptions(command: Command): Command {
  return command
    .option('--announce <nats-url>', 'announce this process at nats://H:P[,H:P] for those that --discover', natsUrl)
    .option(
      '--advertise <host>',
      'with --announce: the host that others dial (default: where it listens, or the name of this machine)',
      hostName,
    );
}

export function addDiscoverOption(command: Command, what: string): Command {
  return command.option(
    '--discover <nats-url>',
    `${what} announced at nats://H:P[,H:P]; a token needs --tls-ca beside it`,
    natsUrl,
  );
}

/** What a process announces of itself, given where it listens. */
export function memberOf(
  role: MemberRole,
  { advertise }: AnnounceOptions,
  listens: { readonly grpc: HostPort; readonly tcp?: HostPort },
): Member {
  const dialled = ({ host, port }: HostPort): HostPort => ({
    host: advertise ?? (host === '0.0.0.0' || host === '::' ? hostname() : host),
    port,
  });
  return { role, grpc: dialled(listens.grpc), ...(listens.tcp === undefined ? {} : { tcp: dialled(listens.tcp) }) };
}

/** Announces a role when its options ask for it. */
export async function announced(
  member: Member,
  { announce: settings }: AnnounceOptions,
  log: Logger,
): Promise<{ end(): Promise<void> } | null> {
  if (settings === undefined) return null;
  const { announce } = await import('./members.js');
  return announce(settings, member, log);
}

/** One of those that are announced in a role, drawn at random. Throws UNREACHABLE when there is none. */
export async function findOne(settings: NatsSettings, role: MemberRole): Promise<Member> {
  const { findMembers } = await import('./members.js');
  const members = await findMembers(settings, role);
  if (members.length === 0) {
    throw new TriremeError(
      'UNREACHABLE',
      `no ${role} is announced at ${natsName(settings)}: start one with 'trireme ${role} --announce ${natsName(settings)}'`,
    );
  }
  return members[Math.floor(Math.random() * members.length)];
}

function hostName(value: string): string {
  const host = value.replace(/^\[(.*)\]$/, '$1');
  if (/^[\w.:%-]{1,255}$/.test(host)) return host;
  throw new InvalidArgumentError(`'${value}' is not a host name or address, without a port`);
}
