import { Command, CommanderError } from 'commander';
import { reportFailure } from './common/errors.js';
import { version } from './common/version.js';

/** One role: its one-line summary for `trireme --help`, and the module that builds its command. */
interface Role {
  readonly summary: string;
  readonly load: () => Promise<{ buildCommand(): Command }>;
}

// A role's module is loaded only when it is asked for: analysing a small capture must not wait for gRPC to load.
const roles: Readonly<Record<string, Role>> = {
  up: { summary: 'run everything on this machine until Ctrl-C', load: () => import('./up/command.js') },
  demo: { summary: 'show the main job end to end', load: () => import('./up/demo-command.js') },
  lb: { summary: 'balance jobs from TCP and gRPC clients among workers', load: () => import('./lb/command.js') },
  master: { summary: 'analyse captures on the workers that dial in', load: () => import('./master/command.js') },
  worker: { summary: 'run jobs for load balancers and masters', load: () => import('./worker/command.js') },
  client: { summary: 'send jobs to a load balancer over TCP', load: () => import('./client/command.js') },
  'bench-jobs': {
    summary: 'put load on a load balancer and measure it',
    load: () => import('./client/bench-command.js'),
  },
  analyze: { summary: 'count and summarise packet captures', load: () => import('./analyze/command.js') },
  certs: {
    summary: 'make certificates for the roles, for labs',
    load: () => import('./certs/command.js'),
  },
  xdp: {
    summary: 'attach, inspect and detach the XDP programs of the labs',
    load: () => import('./udp/xdp-command.js'),
  },
  lab: { summary: 'play lab A or lab B in network namespaces of its own', load: () => import('./udp/lab-command.js') },
  'udp-server': {
    summary: 'lab A: print the numbers that arrive by UDP',
    load: () => import('./udp/udp-server-command.js'),
  },
  'udp-client': { summary: 'lab A: send numbers by UDP', load: () => import('./udp/udp-client-command.js') },
  'job-server': { summary: 'lab B: serve jobs that sleep', load: () => import('./udp/job-server-command.js') },
  'job-client': { summary: 'lab B: send jobs that sleep', load: () => import('./udp/job-client-command.js') },
};

function overview(): Command {
  const program = new Command('trireme')
    .description('a gRPC distributed job system: packet captures, a job load balancer, and UDP labs in XDP')
    .version(version)
    .showHelpAfterError(`(try 'trireme --help')`)
    .exitOverride();
  for (const [name, role] of Object.entries(roles)) program.command(name).description(role.summary).helpOption(false);
  return program;
}

async function main(argv: readonly string[]): Promise<void> {
  const role = roles[argv[0] ?? ''];
  try {
    if (role === undefined) {
      await overview().parseAsync(argv as string[], { from: 'user' });
      return;
    }
    const command = (await role.load()).buildCommand().name(`trireme ${argv[0]}`).exitOverride();
    await command.parseAsync(argv.slice(1), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has already written its message; help and version are no failures.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.exitCode = reportFailure(error, process.argv.includes('--verbose'));
  }
}

void main(process.argv.slice(2));
