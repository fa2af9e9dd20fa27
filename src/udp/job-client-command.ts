import { setMaxListeners } from 'node:events';
import { Command } from 'commander';
import { TriremeError } from '../common/errors.js';
import { decimal, hostPort, integer, type HostPort } from '../common/options.js';
import { Interruption } from './interruption.js';
import { requestJob, type Answer } from './job-request.js';
import { resolveIpv4 } from './job-server-command.js';
import { sleepMsMax } from './protocol.js';

interface Flags {
  readonly lb: HostPort;
  readonly count: number;
  readonly outstanding: number;
  readonly retryMs: number;
  readonly tries: number;
  readonly quiet?: boolean;
}

const secondsMax = Math.floor(sleepMsMax / 1000);

/** `trireme job-client`: lab B's client. */
export function buildCommand(): Command {
  const seconds = decimal(0, secondsMax);
  return new Command('job-client')
    .description('send jobs that sleep to the balancer in the kernel, and show each answer with its delay')
    .argument('<wait_time>', 'seconds between two jobs', seconds)
    .argument('<sleep_min>', 'least seconds that a job sleeps', seconds)
    .argument('<sleep_max>', 'most seconds that a job sleeps', seconds)
    .requiredOption('--lb <host:port>', 'the balancer', hostPort(50002))
    .option('--count <n>', 'how many jobs; 0 for no end', integer(0, 2 ** 32), 0)
    .option('--outstanding <n>', 'jobs unanswered at a time, each with a socket of its own', integer(1, 16_384), 1024)
    .option(
      '--retry-ms <ms>',
      'silence beyond the sleep before a job is sent again; doubles',
      integer(10, 3_600_000),
      3000,
    )
    .option('--tries <n>', 'times that a job is sent before it is lost', integer(1, 100), 5)
    .option('--quiet', 'print only the summary')
    .action(run);
}

async function run(waitS: number, leastS: number, mostS: number, flags: Flags): Promise<void> {
  if (mostS < leastS)
    throw new TriremeError('USAGE', `SLEEP_MAX ${mostS} is below SLEEP_MIN ${leastS}: give the least first`);
  const lb = await resolveIpv4(flags.lb);
  const interruption = new Interruption();
  const abort = new AbortController();
  // One listener for each job under way, and these are bounded already.
  setMaxListeners(0, abort.signal);
  interruption.onHappen(() => abort.abort());
  const delays: number[] = [];
  let [sent, lost, again, inFlight] = [0, 0, 0, 0];
  let wake: (() => void) | undefined;
  const running = new Set<Promise<void>>();
  const one = async (number: number): Promise<void> => {
    const sleepMs = Math.round((leastS + Math.random() * (mostS - leastS)) * 1000);
    const answer = await requestJob(lb, sleepMs, flags, abort.signal);
    inFlight--;
    wake?.();
    if (answer === undefined) {
      if (!interruption.happened) lost++;
    } else {
      delays.push(answer.tookMs - sleepMs);
      if (answer.sends > 1) again++;
    }
    if (!flags.quiet && !interruption.happened) process.stdout.write(`job ${number}: ${outcome(sleepMs, answer)}\n`);
  };
  const startMs = performance.now();
  while ((flags.count === 0 || sent < flags.count) && !interruption.happened) {
    if (inFlight >= flags.outstanding) {
      await new Promise<void>((resolve) => (wake = resolve));
      continue;
    }
    inFlight++;
    const job = one(sent++);
    running.add(job);
    void job.then(() => running.delete(job));
    const pauseMs = startMs + sent * waitS * 1000 - performance.now();
    if (pauseMs > 0 && sent !== flags.count) await interruption.sleep(pauseMs);
  }
  await Promise.all(running);
  interruption.end();
  const tookS = ((performance.now() - startMs) / 1000).toFixed(2);
  process.stdout.write(
    `${sent} jobs in ${tookS} s: ${delays.length} answered, ${lost} lost, ${again} sent again; ${delayText(delays)}\n`,
  );
  if (lost > 0)
    throw new TriremeError('JOB_FAILED', `${lost} of ${sent} jobs were not answered in ${flags.tries} tries`);
}

function outcome(sleepMs: number, answer: Answer | undefined): string {
  if (answer === undefined) return `slept ${sleepMs} ms, no answer`;
  const again = answer.sends > 1 ? `, sent ${answer.sends} times` : '';
  return `slept ${sleepMs} ms on thread ${answer.thread}, delay ${(answer.tookMs - sleepMs).toFixed(1)} ms${again}`;
}

function delayText(delays: number[]): string {
  if (delays.length === 0) return 'no delays';
  const sorted = delays.sort((one, other) => one - other);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))].toFixed(1);
  return `delay median ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
}
