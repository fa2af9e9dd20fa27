import type { ServiceError } from '@grpc/grpc-js';
import { Command, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { makeFolders } from '../common/make-folders.js';
import { durationMs, formatHostPort, hostPort, integer, type HostPort } from '../common/options.js';
import { traceparentOf } from '../common/tracing.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { GrpcDialler } from '../common/trust/grpc-dialler.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import { JobServiceClient } from '../gen/trireme/v1/job.js';
import { payloadBytesBound } from '../kinds/folder-kind.js';
import { natsUrl, type NatsSettings } from '../nats/nats-url.js';
import { queuePrefix, queuePrefixDefault } from '../nats/queue-names.js';
import { InputLines } from './byte-lines.js';
import { commandOf, joblogLine, openJoblog } from './joblog.js';
import { runJobs, type EndedJob, type RunPort } from './run-jobs.js';
import { RunOutput, writeResult, type RunCounts } from './run-output.js';
import { resultNames, taskOf, tasksOfFiles, tasksOfLines } from './run-tasks.js';
import { failureOf } from './status-error.js';

/** Jobs in flight unless asked otherwise: enough for the slots of some machines, few enough to be cancelled at once. */
const jobsDefault = 64;
/** More in flight hide no more latency: the lb takes so many of one stream. */
const jobsInFlightMax = 16_384;

/** More tries than this are a mistake: what fails so often fails. */
const retriesMax = 100;

/** A day: who waits longer has forgotten it. */
const waitMsMax = 86_400_000;

/** The exit code says how many jobs failed, up to this; one more stands for all that are above it. */
const failedCountedMax = 100;

/** A month: what is due later than that is forgotten, too. */
const delayMsMax = 30 * 86_400_000;

interface RunCommandOptions extends TrustOptions {
  readonly lb?: HostPort;
  readonly queue?: NatsSettings;
  readonly queuePrefix: string;
  readonly id?: string;
  readonly delay: number;
  readonly detach: boolean;
  readonly eachLine: boolean;
  readonly eachFile?: string[];
  readonly out?: string;
  readonly jobs: number;
  readonly retries: number;
  readonly wait: number;
  readonly joblog?: string;
  readonly resume: boolean;
}

/** `trireme run` */
export function buildCommand(): Command {
  const command = new Command()
    .description('run jobs of a kind and print their answers, each when it comes')
    .argument('<kind>', 'name of the kind, or its number; NAME@VERSION asks for one version, not the newest')
    .argument('[payload]', 'what the job is given; left out: nothing')
    .addOption(new Option('--lb <host:port>', "the load balancer's gRPC port").argParser(hostPort(defaultPorts.lbGrpc)))
    .option('--each-line', 'run a job for each line of standard input, which is its payload', false)
    .option('--each-file <file...>', 'run a job for each of these files, whose bytes are its payload')
    .option('--out <dir>', 'write the answer to each file into this folder, under the name of the file')
    .addOption(
      new Option('--jobs <n>', 'jobs in flight at once').argParser(integer(1, jobsInFlightMax)).default(jobsDefault),
    )
    .addOption(
      new Option('--retries <n>', 'times that a job which failed is run again')
        .argParser(integer(0, retriesMax))
        .default(0),
    )
    .addOption(
      new Option('--wait <duration>', 'wait so long for a worker that offers the kind; else it is an error at once')
        .argParser(durationMs(0, waitMsMax))
        .default(0, '0s'),
    )
    .option('--joblog <file>', 'write a line for each job that has ended, as GNU parallel does')
    .option('--resume', 'leave out jobs that have succeeded by the --joblog of an earlier run, and add to it', false)
    .option(
      '--queue <nats-url>',
      'put the jobs into the queue at nats://H:P[,H:P...], and wait for their answers',
      natsUrl,
    )
    .addOption(
      new Option('--queue-prefix <name>', 'what the names of the queue begin with')
        .argParser(queuePrefix)
        .default(queuePrefixDefault),
    )
    .option('--id <id>', 'with --queue: what the job is called; one that was put before is not run again')
    .addOption(
      new Option('--delay <duration>', 'with --queue: the jobs do not begin sooner')
        .argParser(durationMs(0, delayMsMax))
        .default(0, '0s'),
    )
    .option('--detach', 'with --queue: print the ids of the jobs, and do not wait', false)
    .option('--verbose', 'show the stack of an error')
    .addHelpText(
      'after',
      `
The exit code is the number of jobs that failed, 101 for more than ${failedCountedMax}. Ctrl-C cancels what runs, a second one ends
at once.

Examples:
  trireme run --lb 127.0.0.1:50051 RESIZE photo.jpg
  ls *.jpg | trireme run --lb 127.0.0.1:50051 RESIZE --each-line --joblog log.tsv
  trireme run --lb 127.0.0.1:50051 THUMBNAIL --out small --joblog log.tsv --resume --each-file *.jpg
  trireme run --queue nats://127.0.0.1:4222 --id order-17 INVOICE '{"order":17}'`,
    );
  return addDiallerTrust(command).action(run);
}

async function run(kind: string, payload: string | undefined, options: RunCommandOptions): Promise<void> {
  const { lb, queue, queuePrefix: prefix, id, delay: delayMs, detach, ...others } = options;
  const { eachLine, eachFile, out, jobs: jobsMax, retries, wait, joblog, resume, ...trust } = others;
  checkPlace(kind, options);
  if ([payload !== undefined, eachLine, eachFile !== undefined].filter(Boolean).length > 1)
    throw new TriremeError(
      'USAGE',
      'a payload, --each-line and --each-file are ways to say what a job is given: say one of them',
    );
  if (out !== undefined && eachFile === undefined)
    throw new TriremeError('USAGE', '--out needs --each-file, by whose names answers are called');
  if (resume && joblog === undefined)
    throw new TriremeError('USAGE', '--resume needs --joblog FILE, the log of the earlier run');
  const names = out === undefined ? null : resultNames(eachFile ?? [], out);
  if (out !== undefined) makeOut(out);
  const dialler = new GrpcDialler(new DiallerTrust(compileDiallerTrust(trust)));
  const log = joblog === undefined ? null : await openJoblog(joblog, resume);
  const counts: RunCounts = { ended: 0, failed: 0, skipped: 0, total: eachLine ? null : (eachFile?.length ?? 1) };
  const skip = (seq: number, label: string): boolean => {
    const done = log?.done.get(seq);
    if (done === undefined) return false;
    const now = commandOf(kind, label);
    if (done !== now)
      throw new TriremeError(
        'USAGE',
        `--joblog ${joblog}: job ${seq} was '${done}' and is '${now}' now: --resume needs the same jobs in the same order`,
      );
    counts.skipped++;
    return true;
  };
  const lines = eachLine ? new InputLines(process.stdin, payloadBytesBound) : null;
  const fileTasks = eachFile === undefined ? taskOf(payload ?? '', skip) : tasksOfFiles(eachFile, skip);
  const tasks = lines === null ? fileTasks : tasksOfLines(lines, skip);
  const output = new RunOutput(counts, eachLine || eachFile !== undefined);
  const interrupt = new Interrupt();
  const numbered = /^\d+$/.test(kind);
  const client =
    lb === undefined
      ? null
      : new JobServiceClient(formatHostPort(lb), dialler.credentials(lb.host), dialler.options(lb.host));
  const took = async (job: EndedJob): Promise<void> => {
    await log?.write(joblogLine(job, kind));
    counts.ended++;
    if (job.result.error !== '') {
      counts.failed++;
      output.failure(job);
    }
  };
  try {
    const port: RunPort = {
      // As a shell has it from who started it.
      traceparent: traceparentOf(process.env.TRACEPARENT),
      kind: numbered ? Number(kind) : 0,
      name: numbered ? '' : kind,
      jobsMax,
      retries,
      waitMs: wait,
      signal: interrupt.signal,
      nowMs: () => Date.now(),
      ended: async (job) => {
        const { result, resultBytes, error } = job.result;
        if (error !== '') return took(job);
        // An id has a line of its own, an answer only what its kind gave.
        const bytes = resultBytes ?? Buffer.from(detach ? `${result}\n` : result);
        if (names === null || out === undefined) await output.answer(bytes);
        else {
          const fault = await writeResult(out, names[job.task.seq - 1], bytes);
          if (fault !== null) return took({ ...job, result: { ...job.result, error: fault } });
        }
        return took(job);
      },
      broken: () => lines?.close(),
    };
    if (client !== null) await runJobs(client, tasks, port);
    else if (queue !== undefined) {
      const single = !eachLine && eachFile === undefined;
      const { queueJobs } = await import('./queue-jobs.js');
      await queueJobs({ nats: queue, prefix, id, single, delayMs, detach }, tasks, port);
    }
    await log?.close();
  } catch (error) {
    if (interrupt.by === null && !(error instanceof TriremeError) && lb !== undefined)
      throw failureOf(error as ServiceError, formatHostPort(lb), dialler);
    if (interrupt.by === null) throw error;
  } finally {
    lines?.close();
    output.close();
    client?.close();
    await log?.close().catch(() => undefined);
    interrupt.close();
  }
  if (interrupt.by !== null) {
    const others = queue === undefined ? 'what ran is cancelled' : 'what was put stays in the queue';
    process.stderr.write(`trireme: interrupted after ${counts.ended} jobs; ${others}\n`);
    process.kill(process.pid, interrupt.by);
  } else if (counts.failed > 0) process.exitCode = Math.min(counts.failed, failedCountedMax + 1);
}

/** Where the jobs go, and what may be said of it. @throws TriremeError USAGE */
function checkPlace(kind: string, { lb, queue, id, delay, detach, retries, wait, out }: RunCommandOptions): void {
  const wrong = (what: string): TriremeError => new TriremeError('USAGE', what);
  if (lb === undefined && queue === undefined)
    throw wrong('say where the load balancer is: --lb HOST:PORT; or a queue: --queue nats://HOST:PORT');
  if (lb !== undefined && queue !== undefined) throw wrong('--lb and --queue are two ways: say one of them');
  if (queue === undefined && (id !== undefined || delay > 0 || detach))
    throw wrong('--id, --delay and --detach are about jobs of a --queue');
  if (queue === undefined) return;
  if (retries > 0 || wait > 0)
    throw wrong('--retries and --wait are not for a --queue, where jobs wait and are tried anyway');
  if (detach && out !== undefined) throw wrong('--detach waits for no answers that --out could write');
  if (id === '') throw wrong('--id is empty');
  // A header carries neither, so the record would be another one than is waited for.
  if (id !== undefined && (id.trim() !== id || /[\r\n]/.test(id)))
    throw wrong(`--id ${JSON.stringify(id)} begins or ends with a blank, or has a line break: leave them out`);
  if (!/^[A-Z][A-Z0-9_]*(@.*)?$/.test(kind)) throw wrong(`a queue knows kinds by their names, and '${kind}' is none`);
}

function makeOut(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw new TriremeError('FILE_UNWRITABLE', `--out ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

/** Hears the first Ctrl-C or SIGTERM; a second one ends the process, as if nobody heard it. */
class Interrupt {
  by: NodeJS.Signals | null = null;
  private readonly controller = new AbortController();

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, this.heard);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  close(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.heard);
  }

  private readonly heard = (signal: NodeJS.Signals): void => {
    this.by = signal;
    this.close();
    this.controller.abort();
  };
}
