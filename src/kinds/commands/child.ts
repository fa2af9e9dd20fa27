import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Time between SIGTERM and SIGKILL. With the look that notices that nobody waits and the end of the processes themselves,
 * a job that was cancelled is gone within 2 s.
 */
export const killGraceMs = 1_000;

/** Time for processes to be gone after SIGKILL, and for output to end after its writer has: both are quick, or never come. */
const goneMsMax = 200;

/** Between two looks at whether a group is gone. */
const goneLookMs = 10;

/** Looks at a group for each reading of the list of all processes, which takes some milliseconds. */
const looksEachListing = 5;

/** Bytes of the end of standard error that an error tells. */
export const stderrTailBytesMax = 1_000;

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

/** What is started: no shell reads it, and nothing of a client stands in it. */
export interface Program {
  readonly argv: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** How the first process of a group ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started; null: it was. */
  readonly unstarted: string | null;
}

/** A process in a group of its own, with what it writes. Nothing of the group is left once `over` has resolved. */
export class Child {
  /** Resolves when its first process has ended, its output has been read, and its group is gone. */
  readonly over: Promise<Ending>;
  private readonly process: ChildProcess;
  private tail: Buffer = Buffer.alloc(0);
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
    stderr?.on('data', (bytes: Buffer) => {
      this.tail = Buffer.concat([this.tail, bytes]).subarray(-stderrTailBytesMax);
    });
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

  /** The end of what it wrote to standard error, as words behind an error. */
  get complaint(): string {
    const text = this.tail.toString('utf8').trim();
    return text === '' ? '' : `: ${text}`;
  }

  /** What comes on standard error from now on belongs to another job. */
  forgetComplaint(): void {
    this.tail = Buffer.alloc(0);
  }

  /** Ends the whole group: SIGTERM, and what is left after killGraceMs SIGKILL. */
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
    // What a process left behind is not waited for, unless its whole group is being ended in order.
    if (this.ending !== null) await this.ending;
    else if (signalled(pid, 'SIGKILL')) await groupGone(pid, goneMsMax);
    this.groups.gone(pid);
    // One that left the group may still hold the output.
    await Promise.race([closed, pause(goneMsMax)]);
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
    return ending;
  }
}

/** How it ended, as words. */
export function endedBy({ code, signal, unstarted }: Ending): string {
  if (unstarted !== null) return `could not be started: ${unstarted}`;
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

async function endGroup(group: number): Promise<void> {
  if (!signalled(group, 'SIGTERM') || (await groupGone(group, killGraceMs))) return;
  signalled(group, 'SIGKILL');
  await groupGone(group, goneMsMax);
}

/** Whether the group is gone within this time. */
async function groupGone(group: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (let look = 1; signalled(group, 0); look++) {
    if (look % looksEachListing === 0 && allEnded(group)) return true;
    if (performance.now() >= until) return false;
    await pause(goneLookMs);
  }
  return true;
}

/**
 * Whether all processes of a group have ended and are only not collected yet: by an init that takes its time, or by none, as in
 * containers. False where the system does not tell.
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
