import type { LogLevel } from '../common/logging.js';
import { usableCores } from '../common/usable-cores.js';
import { RoleProcess } from './role-process.js';
import { TriremeError } from '../common/errors.js';
import { tokenVariable, type TrustSettings } from '../common/trust/options.js';

/** Where the roles of `up` listen; port 0 takes a free one. All on loopback. */
export interface ClusterPorts {
  readonly tcp: number;
  readonly lbGrpc: number;
  readonly lbAdmin: number;
  readonly masterGrpc: number;
  readonly masterAdmin: number;
}

/** A load balancer, a master and two workers of different size on this machine. */
export interface LocalCluster {
  readonly lb: { readonly tcp: string; readonly grpc: string; readonly admin: string };
  readonly master: { readonly grpc: string; readonly admin: string };
  /** Resolves with the name of the first role that ends by itself. */
  readonly broken: Promise<string>;
  /** Lets every role read its credentials again. */
  reload(): void;
  stop(): Promise<void>;
}

const moreThanInfo: readonly LogLevel[] = ['trace', 'debug'];

/** Starts everything and resolves when both workers are attached; what was started is stopped when a part fails. */
export async function startCluster(
  ports: ClusterPorts,
  captures: readonly string[],
  onLine: (name: string, line: string) => void,
  trust: RoleTrust = noRoleTrust,
  logLevel: LogLevel = 'info',
): Promise<LocalCluster> {
  const started: RoleProcess[] = [];
  let stopping = false;
  // What is awaited is logged at level info, and read as JSON, whatever is shown of it.
  const logArgs = ['--log-format', 'json', '--log-level', moreThanInfo.includes(logLevel) ? logLevel : 'info'];
  const start = async (name: string, args: readonly string[], readyMessage: string): Promise<RoleProcess> => {
    const role = await RoleProcess.start(name, [...args, ...logArgs], readyMessage, onLine, trust.env);
    started.push(role);
    return role;
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    // Workers first, so that they can still hand in what they have.
    for (const role of started.reverse()) await role.stop();
  };
  try {
    const capturesArgs = captures.flatMap((folder) => ['--captures', folder]);
    const [lb, master] = await Promise.all([
      start(
        'lb',
        ['lb', '--tcp', at(ports.tcp), '--grpc', at(ports.lbGrpc), '--admin', at(ports.lbAdmin), ...trust.lb],
        'listening',
      ),
      start(
        'master',
        ['master', '--grpc', at(ports.masterGrpc), '--admin', at(ports.masterAdmin), ...trust.master, ...capturesArgs],
        'listening',
      ),
    ]);
    const hubs = `${String(lb.ready.grpc)},${String(master.ready.grpc)}`;
    const worker = (name: string, slots: number): Promise<RoleProcess> =>
      start(
        name,
        ['worker', '--host', hubs, '--name', name, '--slots', String(slots), ...trust.dialler, ...capturesArgs],
        'attached',
      );
    await Promise.all([worker('large', Math.max(1, usableCores() - 1)), worker('small', 1)]);
    return {
      lb: { tcp: String(lb.ready.tcp), grpc: String(lb.ready.grpc), admin: String(lb.ready.admin) },
      master: { grpc: String(master.ready.grpc), admin: String(master.ready.admin) },
      broken: Promise.race(
        started.map(async (role) => {
          await role.ended();
          // A stop that was asked for is no break; leave the promise open.
          if (stopping) await new Promise<never>(() => undefined);
          return role.name;
        }),
      ),
      reload: () => started.forEach((role) => role.reload()),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function at(port: number): string {
  return `127.0.0.1:${port}`;
}

/** How the roles of `up` are given their credentials: arguments of each, and the environment of all. */
export interface RoleTrust {
  readonly lb: readonly string[];
  readonly master: readonly string[];
  readonly dialler: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What is in the environment of this process goes on to its children. */
export const noRoleTrust: RoleTrust = { lb: [], master: [], dialler: [], env: process.env };

/**
 * Hands the credentials of `up` on. A token goes by the environment, because arguments are seen by all on the machine.
 */
export function roleTrust({ token, tls }: TrustSettings, tcpTls: boolean): RoleTrust {
  const tokenArgs = token?.from === 'file' ? ['--token-file', token.path] : [];
  const env = token?.from === 'text' ? { ...process.env, [tokenVariable]: token.text } : process.env;
  if (tls === null) return { lb: tokenArgs, master: tokenArgs, dialler: tokenArgs, env };
  const { cert, key, ca } = tls;
  if (cert === null || key === null || ca === null)
    throw new TriremeError('USAGE', '--tls-cert needs --tls-ca here: the workers must know whom to trust');
  const all = [...tokenArgs, '--tls-cert', cert, '--tls-key', key, '--tls-ca', ca];
  return { lb: tcpTls ? [...all, '--tcp-tls'] : all, master: all, dialler: all, env };
}
