import { Argument, Command, Option } from 'commander';
import { integer } from '../common/options.js';
import { attach, type AttachOptions } from './attach.js';
import { AttachmentFolder, type Attachment } from './attachment.js';
import { writeMap } from './bpf-maps.js';
import { dropStale, undoAttachment } from './detach.js';
import { TriremeError } from '../common/errors.js';
import { Interruption } from './interruption.js';
import { requireLink } from './link.js';
import { findAttachment, listAttachments, type Found } from './lookup.js';
import { ownNetns } from './netns.js';
import { ipv4Prefix } from './config-bytes.js';
import { programNames, programs, type ProgramName } from './programs.js';
import { serversText, statsText } from './report-text.js';
import { takeSnapshot, type LbSnapshot } from './snapshot.js';
import { requireRoot } from './tools.js';
import { readTrace } from './trace.js';

interface WatchOptions {
  readonly iface?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly intervalMs: number;
}

const iface = new Option('--iface <name>', 'interface in this network namespace');
const interval = new Option('--interval-ms <ms>', 'time between two readings of --watch')
  .argParser(integer(100, 60_000))
  .default(1000);

/** `trireme xdp`: puts the labs' programs on interfaces, looks into them, and takes them off. */
export function buildCommand(): Command {
  const command = new Command('xdp').description(
    'attach, inspect and detach the XDP programs of the UDP labs (needs root)',
  );
  command.addCommand(attachCommand());
  command
    .command('detach')
    .description('take our programs off and leave nothing in bpffs')
    .addOption(iface)
    .option('--all', 'everything that this project attached on this machine')
    .action(detachAction);
  const watch = '--watch';
  command
    .command('stats')
    .description('what the program counted')
    .addOption(iface)
    .option(watch, 'show again until Ctrl-C')
    .option('--json', 'one JSON document (with --watch one a line)')
    .addOption(interval)
    .action((options: WatchOptions) => show(options, statsText));
  command
    .command('servers')
    .description("the balancer's servers, its queue, and the sum of its jobs")
    .addOption(iface)
    .option(watch, 'show again until Ctrl-C')
    .option('--json', 'one JSON document (with --watch one a line)')
    .addOption(interval)
    .action((options: WatchOptions) => show(options, (snapshot) => serversText(snapshot as LbSnapshot), ['lb']));
  command
    .command('trace')
    .description('the lines that the program writes for each packet it decides about; switched on while this runs')
    .addOption(iface)
    .option('--on', 'only switch the lines on')
    .option('--off', 'only switch the lines off')
    .action(traceAction);
  // Not inherited by commands that exist already: wrong usage is exit code 2 here too.
  for (const each of command.commands) each.exitOverride();
  return command;
}

function attachCommand(): Command {
  const what = programNames.map((name) => `${name}: ${programs[name].summary}`).join('; ');
  return new Command('attach')
    .description('load a program and put it on an interface')
    .addArgument(new Argument('<program>', what).choices(programNames))
    .requiredOption('--iface <name>', 'interface in this network namespace')
    .option('--port <port>', 'UDP port (default: parity 50001, lb 50002)', integer(1, 65_535))
    .option('--trace', 'write a line in trace_pipe for each decision (see trireme xdp trace)')
    .addOption(new Option('--mode <mode>', 'where the program runs').choices(['native', 'generic']).default('native'))
    .addOption(
      new Option('--servers <prefix>', 'lb: only servers of this IPv4 prefix may register')
        .argParser(ipv4Prefix)
        .default({ address: '0.0.0.0', bits: 0 }, 'all'),
    )
    .option('--silent-ms <ms>', 'lb: a server silent for so long is dead', integer(100, 3_600_000), 1000)
    .option('--grace-ms <ms>', 'lb: a job may be late by so much before it is run again', integer(100, 3_600_000), 1000)
    .option('--reap-ms <ms>', 'lb: interval of the reaper', integer(10, 60_000), 100)
    .option('--tries <n>', 'lb: times that a job is given to a server', integer(1, 1000), 5)
    .option('--json', 'print the attachment as JSON')
    .action(attachAction);
}

interface AttachFlags extends Pick<AttachOptions, 'mode' | 'servers' | 'silentMs' | 'graceMs' | 'reapMs'> {
  readonly iface: string;
  readonly port?: number;
  readonly trace?: boolean;
  readonly tries: number;
  readonly json?: boolean;
}

async function attachAction(program: ProgramName, flags: AttachFlags): Promise<void> {
  requireRoot('trireme xdp attach');
  const port = flags.port ?? programs[program].port ?? 0;
  if (program === 'lb' && port >= 16_384 && port <= 32_767)
    throw new TriremeError(
      'USAGE',
      `--port: ${port} is one of the balancer's handle ports, 16384 to 32767: take another`,
    );
  const interruption = new Interruption();
  const options: AttachOptions = {
    ...flags,
    program,
    ifname: flags.iface,
    port,
    trace: flags.trace ?? false,
    triesMax: flags.tries,
  };
  const { attachment, notes } = await attach(options, interruption);
  if (flags.json) return print(JSON.stringify({ ...publicPart(attachment), notes }));
  const at = attachment.port === undefined ? '' : `, UDP port ${attachment.port}`;
  print(`attached ${program} to ${attachment.ifname} in ${attachment.mode} mode${at}`);
  for (const note of notes) print(`note: ${note}`);
}

function publicPart({ program, ifname, netns, mode, port, stub }: Attachment): object {
  return { program, interface: ifname, netns, mode, port, stub };
}

async function detachAction(flags: { iface?: string; all?: boolean }): Promise<void> {
  requireRoot('trireme xdp detach');
  // From here a signal is only remembered: half an undoing would be worse than a moment's wait.
  const interruption = new Interruption();
  const cleared = await clearStale();
  const targets = flags.all ? listAttachments() : await targetOf(flags.iface, cleared);
  const failures: string[] = [];
  for (const { folder, attachment } of targets) {
    // So that no other command takes the half detached one for abandoned.
    folder.write({ ...attachment, workingPid: process.pid });
    failures.push(...(await undoAttachment(folder, attachment)));
    print(`detached ${attachment.program} from ${attachment.ifname}`);
  }
  interruption.end();
  if (failures.length > 0) throw new TriremeError('JOB_FAILED', failures.join('; '));
}

/** Clears what is no more, and says so on standard error. */
async function clearStale(): Promise<string[]> {
  const cleared = await dropStale();
  for (const line of cleared) process.stderr.write(`cleared ${line}\n`);
  return cleared;
}

/** What a detach means; nothing when that has just been cleared. */
async function targetOf(ifname: string | undefined, cleared: readonly string[]): Promise<Found[]> {
  const done = cleared.some((line) => ifname === undefined || line.includes(` on ${ifname}: `));
  try {
    return [await target(ifname)];
  } catch (error) {
    if (done && error instanceof TriremeError && error.code === 'USAGE') return [];
    throw error;
  }
}

async function target(ifname: string | undefined): Promise<Found> {
  if (ifname !== undefined && AttachmentFolder.of({ netns: ownNetns(), ifname }).read() === undefined) {
    const { xdp } = await requireLink(ifname);
    if (xdp !== undefined)
      throw new TriremeError(
        'JOB_FAILED',
        `the XDP program on ${ifname} was not attached by this project: ip link set dev ${ifname} xdp off removes it`,
      );
  }
  return findAttachment(ifname);
}

async function show(
  { iface: ifname, watch, json, intervalMs }: WatchOptions,
  text: (snapshot: Awaited<ReturnType<typeof takeSnapshot>>) => string,
  wanted?: readonly ProgramName[],
): Promise<void> {
  requireRoot('trireme xdp');
  await clearStale();
  const interruption = new Interruption();
  do {
    const snapshot = await takeSnapshot(findAttachment(ifname, wanted));
    const clear = watch && !json && process.stdout.isTTY ? '\x1b[H\x1b[2J' : '';
    print(clear + (json ? JSON.stringify(snapshot) : text(snapshot)));
    if (watch) await interruption.sleep(intervalMs);
  } while (watch && !interruption.happened);
  interruption.end();
}

async function switchTrace({ folder, attachment }: Found, on: boolean): Promise<void> {
  const bytes = Buffer.from(attachment.config ?? '', 'hex');
  bytes.writeUInt16LE(on ? 1 : 0, 2);
  await writeMap(folder.pin('maps', `${attachment.program}_config`), bytes);
  folder.write({ ...attachment, config: bytes.toString('hex') });
}

async function traceAction(flags: { iface?: string; on?: boolean; off?: boolean }): Promise<void> {
  requireRoot('trireme xdp trace');
  if (flags.on && flags.off) throw new TriremeError('USAGE', '--on and --off exclude each other: give one');
  await clearStale();
  const found = findAttachment(flags.iface, ['parity', 'lb']);
  if (flags.on || flags.off) return switchTrace(found, flags.on === true);
  const interruption = new Interruption();
  const wasOn = Buffer.from(found.attachment.config ?? '', 'hex').readUInt16LE(2) === 1;
  const reader = await readTrace(found.attachment, print);
  try {
    await switchTrace(found, true);
    await new Promise<void>((resolve) => interruption.onHappen(resolve));
  } finally {
    // The program may have been detached meanwhile, and its maps with it.
    if (!wasOn && found.folder.read() !== undefined) await switchTrace(found, false);
    await reader.close();
    interruption.end();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
