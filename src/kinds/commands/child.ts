import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';

/**
 * Time between SIGTERM and SIGKILL. With the look that notices that nobody waits and the end of the processes
 * themselves, a job that was cancelled is gone within 2 s.
 */
export const killGraceMs = 1_000;

/**
 * Time for processes to be gone after SIGKILL, and for output to end after its writer has: both are quick, or
 * never come.
 */
export const goneMsMax = 200;

/** Between two looks at whether a group is gone. */
const goneLookMs = 10;

/** Looks at a group for each reading of the list of all processes, which takes some milliseconds. */
const looksEachListing = 5;

/** Bytes of the end of standard error that an error tells. */
const stderrTailBytesMax = 1_000;

/** Who hears of the groups of processes that a thread has, so that none outlives the thread or the worker. */
export interface ProcessGroupsPort {
  began(group: number): void;
  gone(group: number): void;
}

/** What the processes of a thread need of their worker. */
export interface ProcessesPort {
  readonly groups: ProcessGroupsPort;
  /** A folder for payloads that are files, which only this user can enter. */
  readonly scratch: string;
}

/**
 * File in a folder below the scratch folder, with the group that a shell has started and its worker may not
 * know yet; or empty.
 */
export const groupFile = 'group';

/** What is started: no shell reads it, and nothing of a client stands in it. */
export interface Program {
  readonly argv: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What stands in argv for the path of a file with the payload. */
export const payloadPlace = '{payload}';

/** The variable in which a command has the trace context of its job, as OpenTelemetry's tools for commands have it. */
export const traceVariable = 'TRACEPARENT';

/** How the first process of a group ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started; null: it was. */
  readonly unstarted: string | null;
}

/** A process that runs a job. */
export interface Running {
  /** Resolves when it has ended, its output has been read, and its group is gone. */
  readonly over: Promise<Ending>;
  /** The end of what it wrote to standard error, as words behind an error. */
  readonly complaint: string;
  /** Ends the whole group: SIGTERM, and what is left after killGraceMs SIGKILL. */
  kill(): Promise<void>;
}

/** The end of what a process writes to standard error. */
export class ErrorTail {
  private tail: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): void {
    this.tail = Buffer.concat([this.tail, bytes]).subarray(-stderrTailBytesMax);
  }

  /** As words behind an error. */
  get words(): string {
    const text = this.tail.toString('utf8').trim();
    return text === '' ? '' : `: ${text}`;
  }

  forget(): void {
    this.tail = Buffer.alloc(0);
  }
}

/** A process in a group of its own, with what it writes. Nothing of the group is left once `over` has resolved. */
export class Child implements Running {
  readonly over: Promise<Ending>;
  private readonly process: ChildProcess;
  private readonly tail = new ErrorTail();
  private ending: Promise<void> | null = null;

  /**
   * @param stdin whether it is written to: else it reads nothing
   * @param heard each piece of its standard output
   */
  constructor(
    { argv, folder, environment }: Program,
    stdin: boolean,
    private readonly groups: ProcessGroupsPort,
    heard: (bytes: Buffer) => void,
  ) {
    this.process = spawn(argv[0], argv.slice(1), {
      cwd: folder,
      env: environment,
      stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid, stdout, stderr } = this.process;
    // A process that does not read all of its input is not wrong.
    this.process.stdin?.on('error', () => undefined);
    stdout?.on('data', heard);
    stderr?.on('data', (bytes: Buffer) => this.tail.push(bytes));
    if (pid !== undefined) groups.began(pid);
    this.over = this.whenOver(pid);
  }

  /** Whether its first process has ended, which is known before it is over. */
  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  write(bytes: Uint8Array): void {
    this.process.stdin?.write(bytes);
  }

  /** Writes these bytes and then ends its input. */
  end(bytes: Uint8Array): void {
    this.process.stdin?.end(bytes);
  }

  get complaint(): string {
    return this.tail.words;
  }

  /** What comes on standard error from now on belongs to another job. */
  forgetComplaint(): void {
    this.tail.forget();
  }

  kill(): Promise<void> {
    const { pid } = this.process;
    return (this.ending ??= pid === undefined ? Promise.resolve() : endGroup(pid));
  }

  private async whenOver(pid: number | undefined): Promise<Ending> {
    const closed = new Promise<void>((resolve) => this.process.once('close', () => resolve()));
    const ending = await new Promise<Ending>((resolve) => {
      this.process.once('error', (error) => {
        if (pid === undefined) resolve({ code: null, signal: null, unstarted: error.message });
      });
      this.process.once('exit', (code, signal) => resolve({ code, signal, unstarted: null }));
    });
    if (pid === undefined) return ending;
    await groupOver(pid, this.ending);
    this.groups.gone(pid);
    // One that left the group may still hold the output.
    await Promise.race([closed, pause(goneMsMax)]);
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
    return ending;
  }
}

const signalNames = Object.keys(constants.signals) as NodeJS.Signals[];

/** How it ended, as words. */
export function endedBy({ code, signal, unstarted }: Ending): string {
  if (unstarted !== null) return `could not be started: ${unstarted}`;
  // A shell tells a signal as a code.
  const told = code === null ? undefined : signalNames.find((name) => constants.signals[name] === code - 128);
  if (told !== undefined) return `was ended by ${told} (exit code ${code})`;
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

/**
 * Ends what a process left behind when it ended. It is not waited for, unless its whole group is being ended in order.
 */
export async function groupOver(group: number, ending: Promise<void> | null): Promise<void> {
  if (ending !== null) await ending;
  else if (signalled(group, 'SIGKILL')) await groupGone(group, goneMsMax);
}

/** @param leads whether its first process lives: it may not lead a group yet, and is then signalled itself */
export async function endGroup(group: number, leads = (): boolean => false): Promise<void> {
  if (!reached(group, 'SIGTERM', leads) || (await groupGone(group, killGraceMs, leads))) return;
  reached(group, 'SIGKILL', leads);
  await groupGone(group, goneMsMax, leads);
}

function reached(group: number, signal: NodeJS.Signals | 0, leads: () => boolean): boolean {
  return signalled(group, signal) || (leads() && signalled(-group, signal));
}

/** Whether the group is gone within this time. */
async function groupGone(group: number, withinMs: number, leads = (): boolean => false): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (let look = 1; reached(group, 0, leads); look++) {
    if (look % looksEachListing === 0 && allEnded(group)) return true;
    if (performance.now() >= until) return false;
    await pause(goneLookMs);
  }
  return true;
}

/**
 * Whether all processes of a group have ended and are only not collected yet: by an init that takes its time,
 * or by none, as in containers. False where the system does not tell.
 */
function allEnded(group: number): boolean {
  try {
    return readdirSync('/proc').every((name) => {
      if (!/^\d+$/.test(name)) return true;
      // PID (NAME) STATE PPID PGRP; a name may hold anything.
      const [state, , of] = statOf(name).split(' ');
      return Number(of) !== group || state === 'Z' || state === 'X';
    });
  } catch {
    return false;
  }
}

/** What the system tells of a process behind its name; nothing when it has gone meanwhile. */
function statOf(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

/** Signals all processes of a group. @returns whether there were any */
export function signalled(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch (error) {
    // One that has taken another user's rights is there, and cannot be signalled.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
