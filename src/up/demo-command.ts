import { Command } from 'commander';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { TriremeError } from '../common/errors.js';
import { defaultPorts } from '../common/limits.js';
import { cloned, programName, projectRoot } from '../common/version.js';
import { startCluster } from './cluster.js';

const run = promisify(execFile);

/** Longest output of one step: a JSON report with the default tables is far below. */
const outputBytesMax = 64 * 1024 * 1024;

/** Runs `trireme ...args` and resolves with its standard output. */
async function trireme(args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [join(projectRoot, 'bin', 'trireme'), ...args], {
    maxBuffer: outputBytesMax,
    encoding: 'utf8',
  });
  return stdout;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What was shown, and where to look. */
function nextSteps(report: string): string {
  const { lbAdmin, masterAdmin, masterGrpc } = defaultPorts;
  const manual = cloned
    ? '  docs/TUTORIAL.md\n      everything step by step, in ten minutes; make help lists the rest'
    : '  trireme --help\n      all roles; trireme ROLE --help tells the options of one';
  return `Shown: one capture counted on one core, on all cores and by a master with two workers, the same byte for byte;
and three jobs handed to workers by the load balancer, answered in the order asked.

Look at
  ${report}
      the capture in a browser: charts, tables, who talks to whom; made by analyze --html
  ${programName} up
      the same cluster until Ctrl-C, with live pages: http://127.0.0.1:${lbAdmin}/ (jobs), http://127.0.0.1:${masterAdmin}/ (captures);
      then ${programName} top, and ${programName} analyze --master 127.0.0.1:${masterGrpc} FILE
${manual}`;
}

/** In the repository it lies open; in the package it is packed. */
function sampleCapture(): string {
  const open = join(projectRoot, 'captures', 'sample.pcap');
  return existsSync(open) ? open : join(projectRoot, 'dist', 'sample.pcap.gz');
}

/**
 * The folder `build` of the repository; an installed program, whose folder may be another user's, makes one
 * that is new.
 */
function reportPath(): string {
  const folder = cloned ? join(projectRoot, 'build') : mkdtempSync(join(tmpdir(), 'trireme-demo-'));
  mkdirSync(folder, { recursive: true });
  return join(folder, 'demo-report.html');
}

/** `trireme demo`: the main job end to end: one capture in three ways, then a few jobs. Leaves nothing running. */
export function buildCommand(): Command {
  return new Command()
    .description('analyse a capture on one core, on all cores and on a small cluster, and run some jobs')
    .argument('[capture]', 'capture to analyse (default: one that comes with the program)')
    .action(async (capture?: string) => {
      const file = capture === undefined ? sampleCapture() : resolve(capture);
      const log: string[] = [];
      say(`Starting a load balancer, a master and two workers on this machine ...`);
      const ports = { tcp: 0, lbGrpc: 0, lbAdmin: 0, masterGrpc: 0, masterAdmin: 0 };
      const cluster = await startCluster(ports, [dirname(file)], (name, line) => log.push(`${name}: ${line}`));
      const interrupted = (): void => void cluster.stop().then(() => process.exit(1));
      process.once('SIGINT', interrupted);
      process.once('SIGTERM', interrupted);
      try {
        const ways: readonly (readonly [string, readonly string[]])[] = [
          ['one core', []],
          ['all cores', ['--multi']],
          ['cluster', ['--master', cluster.master.grpc]],
        ];
        const digests = new Set<string>();
        say(`\nAnalysing ${file} in three ways:`);
        for (const [name, args] of ways) {
          const json = await trireme(['analyze', file, '--json', ...args]);
          const digest = createHash('sha256').update(json).digest('hex');
          digests.add(digest);
          say(`  ${name.padEnd(10)} ${json.length} bytes of JSON, SHA-256 ${digest.slice(0, 16)}...`);
        }
        if (digests.size !== 1) throw new TriremeError('INTERNAL', 'the three ways do not agree');
        say('  all three agree byte for byte\n');
        say(await trireme(['analyze', file, '--top', '5']));
        say(`Jobs 1,2,1 over TCP (1 = GET_TIME, 2 = MINE_BITCOIN):`);
        say(await trireme(['client', '--lb', cluster.lb.tcp, '--jobs', '1,2,1']));
        const report = reportPath();
        await trireme(['analyze', file, '--html', report, '--quiet']);
        say(nextSteps(report));
      } catch (error) {
        process.stderr.write(`${log.slice(-20).join('\n')}\n`);
        throw error;
      } finally {
        process.off('SIGINT', interrupted);
        process.off('SIGTERM', interrupted);
        await cluster.stop();
      }
    });
}
