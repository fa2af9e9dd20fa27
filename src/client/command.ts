import { Command, InvalidArgumentError, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import { defaultPorts } from '../common/limits.js';
import { durationMs, hostPort, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import {
  addDiallerTrust,
  compileDiallerTrust,
  compileDiscoveredTrust,
  type TrustOptions,
} from '../common/trust/options.js';
import { exchangeJobs } from './job-exchange.js';
import { parseJobs, readJobs } from './job-list.js';
import { addDiscoverOption, findOne } from '../nats/options.js';
import type { NatsSettings } from '../nats/nats-url.js';

interface ClientCommandOptions extends TrustOptions {
  readonly lb?: HostPort;
  readonly discover?: NatsSettings;
  readonly jobs?: number[];
  readonly f?: string;
  readonly lines: boolean;
  readonly timeout: number;
}

/** `trireme client` */
export function buildCommand(): Command {
  const command = new Command()
    .description('send jobs to a load balancer over TCP and print one answer a line, in the order asked')
    .option('--lb <host:port>', 'the load balancer', hostPort(defaultPorts.tcp))
    .option('--jobs <numbers>', 'job numbers: 1 is GET_TIME, 2 is MINE_BITCOIN; such as 1,2,1', jobNumbers)
    .option('--f <file>', 'file with job numbers separated by commas or blanks (- is standard input)')
    .option('--lines', 'use lines framing; the default is one byte a job and answers of 1,024 bytes', false)
    .addOption(
      new Option('--timeout <duration>', 'give up after this long without an answer')
        .argParser(durationMs(1, 86_400_000))
        .default(30_000, '30s'),
    )
    .option('--verbose', 'show the stack of an error');
  return addDiallerTrust(addDiscoverOption(command, 'instead of --lb: one of the load balancers')).action(run);
}

function jobNumbers(text: string): number[] {
  try {
    return parseJobs(text, '--jobs');
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function run({ lb: named, discover, jobs, f, lines, timeout, ...options }: ClientCommandOptions): Promise<void> {
  if ((jobs === undefined) === (f === undefined))
    throw new TriremeError('USAGE', 'say either --jobs 1,2,1 or --f FILE, not both and not neither');
  const list = jobs ?? readJobs(f as string);
  const wide = lines ? undefined : list.find((job) => job > 9);
  if (wide !== undefined) throw new TriremeError('USAGE', `job ${wide} has more than one digit, which needs --lines`);
  const settings =
    named === undefined && discover !== undefined ? compileDiscoveredTrust(options) : compileDiallerTrust(options);
  const lb = named ?? (await discovered(discover));
  let failed = 0;
  await exchangeJobs({
    lb,
    trust: new DiallerTrust(settings),
    jobs: list,
    lines,
    timeoutMs: timeout,
    onAnswer: (answer) => {
      const refused = answer.startsWith('ERROR ');
      if (refused) failed++;
      // An answer is data and goes to a pipe as it came; on a terminal, and in an error, it is text.
      process.stdout.write(`${refused || process.stdout.isTTY ? forTerminal(answer) : answer}\n`);
    },
  });
  if (failed > 0) throw new TriremeError('JOB_FAILED', `${failed} of ${list.length} jobs were answered by an error`);
}

async function discovered(settings: NatsSettings | undefined): Promise<HostPort> {
  if (settings === undefined)
    throw new TriremeError('USAGE', 'say where the load balancer is: --lb H:P or --discover nats://H:P');
  const { tcp } = await findOne(settings, 'lb');
  if (tcp === undefined) throw new TriremeError('UNREACHABLE', 'the load balancer announced has no TCP port');
  return tcp;
}
