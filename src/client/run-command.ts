import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { ServiceError } from '@grpc/grpc-js';
import { Command, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { forTerminal } from '../common/for-terminal.js';
import { defaultPorts } from '../common/limits.js';
import { formatHostPort, hostPort, integer, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import { JobServiceClient } from '../gen/trireme/v1/job.js';
import { joblogHead, joblogLine } from './joblog.js';
import { runJobs, type EndedJob } from './run-jobs.js';
import { failureOf } from './status-error.js';

/** Jobs in flight unless asked otherwise: enough for the slots of some machines, few enough to be cancelled at once. */
const jobsDefault = 64;
/** More in flight hide no more latency: the lb takes so many of one stream. */
const jobsInFlightMax = 16_384;

/** The exit code says how many jobs failed, up to this; one more stands for all that are above it. */
const failedCountedMax = 100;

interface RunCommandOptions extends TrustOptions {
  readonly lb?: HostPort;
  readonly eachLine: boolean;
  readonly jobs: number;
  readonly joblog?: string;
}

/** `trireme run` */
export function buildCommand(): Command {
  const command = new Command()
    .description('run jobs of a kind and print their answers, each when it comes')
    .argument('<kind>', 'name of the kind, or its number')
    .argument('[payload]', 'what the job is given; left out: nothing')
    .addOption(new Option('--lb <host:port>', "the load balancer's gRPC port").argParser(hostPort(defaultPorts.lbGrpc)))
    .option('--each-line', 'run a job for each line of standard input, which is its payload', false)
    .addOption(
      new Option('--jobs <n>', 'jobs in flight at once').argParser(integer(1, jobsInFlightMax)).default(jobsDefault),
    )
    .option('--joblog <file>', 'write a line for each job that has ended, as GNU parallel does')
    .option('--verbose', 'show the stack of an error')
    .addHelpText(
      'after',
      `
The exit code is the number of jobs that failed, 101 for more than ${failedCountedMax}. Ctrl-C cancels what runs.

Examples:
  trireme run --lb 127.0.0.1:50051 RESIZE photo.jpg
  ls *.jpg | trireme run --lb 127.0.0.1:50051 RESIZE --each-line --joblog log.tsv`,
    );
  return addDiallerTrust(command).action(run);
}

async function run(
  kind: string,
  payload: string | undefined,
  { lb, eachLine, jobs: jobsMax, joblog, ...trust }: RunCommandOptions,
): Promise<void> {
  if (lb === undefined) throw new TriremeError('USAGE', 'say where the load balancer is: --lb HOST:PORT');
  if (eachLine && payload !== undefined)
    throw new TriremeError('USAGE', 'a payload and --each-line are two ways to say what the job is given: say one');
  const dialler = new GrpcDialler(new DiallerTrust(compileDiallerTrust(trust)));
  const client = new JobServiceClient(formatHostPort(lb), dialler.credentials(lb.host), dialler.options(lb.host));
  const log = joblog === undefined ? null : await openLog(joblog);
  const lines = eachLine ? createInterface({ input: process.stdin, crlfDelay: Infinity }) : null;
  const payloads = lines === null ? [Buffer.from(payload ?? '')] : bytesOf(lines);
  const numbered = /^\d+$/.test(kind);
  let failed = 0;
  try {
    await runJobs(client, payloads, {
      kind: numbered ? Number(kind) : 0,
      name: numbered ? '' : kind,
      jobsMax,
      nowMs: () => Date.now(),
      ended: (job) => {
        if (job.result.error !== '') failed++;
        tell(job, eachLine);
        log?.write(joblogLine(job, kind));
      },
      broken: () => lines?.close(),
    });
  } catch (error) {
    throw failureOf(error as ServiceError, formatHostPort(lb), dialler);
  } finally {
    client.close();
    if (log !== null) await new Promise<void>((resolve) => log.end(resolve));
  }
  if (failed > 0) process.exitCode = Math.min(failed, failedCountedMax + 1);
}

/** An answer of one job goes out as it is; of many, each text ends with a newline. */
function tell({ seq, result: { result, resultBytes, error } }: EndedJob, many: boolean): void {
  if (error !== '') {
    process.stderr.write(`trireme: ${many ? `job ${seq}: ` : ''}${forTerminal(error)}\n`);
    return;
  }
  const bytes = resultBytes ?? Buffer.from(result);
  process.stdout.write(bytes);
  if ((many || process.stdout.isTTY) && bytes[bytes.length - 1] !== 0x0a) process.stdout.write('\n');
}

async function* bytesOf(lines: Interface): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(line);
}

/** @throws TriremeError FILE_UNWRITABLE */
function openLog(path: string): Promise<WriteStream> {
  return new Promise((resolve, reject) => {
    const log = createWriteStream(path);
    log.once('open', () => {
      log.write(joblogHead);
      resolve(log);
    });
    log.on('error', (error) => reject(new TriremeError('FILE_UNWRITABLE', `--joblog ${path}: ${error.message}`)));
  });
}
