import { Command, Option } from 'commander';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { decimal, durationMs, hostPort, integer, type HostPort } from '../common/options.js';
import { DiallerTrust } from '../common/trust/dialler-trust.js';
import { addDiallerTrust, compileDiallerTrust, type TrustOptions } from '../common/trust/options.js';
import type { LatencySummary } from './load/latency-record.js';
import { outstandingMax } from './load/load-connection.js';
import { runLoad, type LoadReport } from './load/load-run.js';
import { parseMix, type MixPart } from './load/mix.js';

interface BenchCommandOptions extends TrustOptions {
  readonly lb: HostPort;
  readonly connections: number;
  readonly inFlight: number;
  readonly rate?: number;
  readonly mix: MixPart[];
  readonly duration: number;
  readonly warmup: number;
  readonly json: boolean;
}

/** `trireme bench-jobs` */
export function buildCommand(): Command {
  const command = new Command()
    .description('put load on a load balancer over TCP (lines framing), check every answer, and print rate and latency')
    .requiredOption('--lb <host:port>', 'the load balancer', hostPort(defaultPorts.tcp))
    .addOption(new Option('--connections <n>', 'TCP connections').argParser(integer(1, 10_000)).default(4))
    .addOption(
      new Option('--in-flight <n>', 'closed loop: jobs outstanding on each connection')
        .argParser(integer(1, outstandingMax))
        .default(512),
    )
    .addOption(
      new Option('--rate <jobs/s>', 'open loop: jobs a second in all; latency counts from when a job was due')
        .argParser(decimal(0.1, 1e7))
        .conflicts('inFlight'),
    )
    .addOption(
      new Option('--mix <kind:parts,...>', 'kinds and their shares').argParser(parseMix).default(parseMix('1'), '1'),
    )
    .addOption(duration('--duration <duration>', 'time that is measured', 5_000))
    .addOption(duration('--warmup <duration>', 'time before that is not', 1_000))
    .option('--json', 'print one JSON document', false)
    .option('--verbose', 'show the stack of an error');
  return addDiallerTrust(command).action(run);
}

function duration(flags: string, description: string, ms: number): Option {
  return new Option(flags, description).argParser(durationMs(0, 3_600_000)).default(ms, `${ms / 1000}s`);
}

async function run(options: BenchCommandOptions): Promise<void> {
  const { lb, connections, inFlight, rate, mix, json } = options;
  const report = await runLoad({
    lb,
    trust: new DiallerTrust(compileDiallerTrust(options)),
    connections,
    inFlight,
    ratePerSecond: rate,
    mix,
    durationMs: options.duration,
    warmupMs: options.warmup,
  });
  if (json)
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, connections, inFlight, rate, mix, ...report })}\n`);
  else print(report);
  const { errors, wrong, unanswered, firstBad } = report;
  if (errors + wrong + unanswered > 0)
    throw new TriremeError(
      'JOB_FAILED',
      `${errors} error answers, ${wrong} wrong answers, ${unanswered} jobs without an answer` +
        (firstBad === undefined ? '' : `; the first bad answer: ${firstBad}`),
    );
}

function print(report: LoadReport): void {
  const row = (name: string, jobs: number, { p50, p99, p999, max }: LatencySummary): string =>
    `${name.padEnd(14)}${String(jobs).padStart(10)} jobs   p50 ${us(p50)}   p99 ${us(p99)}   p999 ${us(p999)}   max ${us(max)}\n`;
  let text = `${Math.round(report.jobsPerSecond)} jobs/s over ${report.seconds} s\n`;
  const kinds = Object.entries(report.kinds);
  for (const [name, kind] of kinds) text += row(name, kind.jobs, kind.latencyMicroseconds);
  if (kinds.length > 1) text += row('all', report.jobs, report.latencyMicroseconds);
  process.stdout.write(text);
}

function us(microseconds: number): string {
  return microseconds < 10_000 ? `${microseconds.toFixed(1)} us` : `${(microseconds / 1000).toFixed(1)} ms`;
}
