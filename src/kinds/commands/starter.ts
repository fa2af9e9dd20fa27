import { spawn, type ChildProcessByStdio } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { threadId } from 'node:worker_threads';
import {
  endGroup,
  ErrorTail,
  goneMsMax,
  groupFile,
  groupOver,
  pause,
  payloadPlace,
  traceVariable,
  type Ending,
  type ProcessGroupsPort,
  type ProcessesPort,
  type Program,
  type Running,
} from './child.js';

/** Becomes the leader of a session and then the program; util-linux has it. */
export const sessionMaker = 'setsid';
/** What a starter needs beside a shell. */
export const starterPrograms = [sessionMaker, 'mkfifo', 'rm'] as const;

/**
 * Variables that a shell takes for its own or changes, and those of the script: programs that are given one
 * need another way.
 */
const shellsOwn =
  /^(_.*|IFS|OPT.*|PPID|LINENO|(OLD)?PWD|SHLVL|ENV|E?UID|BASH.*|SHELLOPTS|POSIXLY_CORRECT|PS[0-9]|TRACEPARENT)$/;

/** Can a starter give a program this environment unchanged? */
export function starterGives(environment: Readonly<Record<string, string>>): boolean {
  return process.platform === 'linux' && !Object.keys(environment).some((name) => shellsOwn.test(name));
}

/**
 * $1: a folder, $2: the file of payloads; the others: a program and its arguments, all of the file of
 * commands. For each line of its input it runs the program once, and tells the process id and then "over" and
 * the exit code; only that where it could not begin. The process reads its own id from /proc, for one that a
 * shell runs in the background ignores SIGINT. In groupFile the guard of the worker finds it, should the
 * worker be killed before it has read it. `new`: other pipes, for somebody holds the old ones. Signals that
 * are caught here are at their defaults in the program. Where nobody hears of the process, it is not begun.
 * groupFile is written in place: ext4 writes a file that was truncated to the disk when it is closed, some ms
 * a job.
 */
const script = `trap : HUP INT TERM PIPE
_out=$1/out _err=$1/err _group=$1/${groupFile} _payload=$2
shift 2
unset PWD OLDPWD SHLVL
pipes() { rm -f -- "$_out" "$_err" && mkfifo -- "$_out" "$_err" && echo made; }
pipes || exit
while read -r _what ${traceVariable}; do
  if [ -n "$${traceVariable}" ]; then export ${traceVariable}; else unset ${traceVariable}; fi
  _input=/dev/null
  case $_what in
    new) pipes || exit; continue ;;
    input) _input=$_payload ;;
  esac
  (read -r _pid _rest </proc/self/stat && { echo "$_pid" 1<>"$_group"; echo "$_pid"; } &&
    exec ${sessionMaker} -- "$@" <"$_input" >"$_out" 2>"$_err")
  _code=$?
  echo 1<>"$_group"
  echo "over $_code" || exit
done`;

/** Between two looks at what a program has written: less while it writes, for a full pipe holds it up. */
const lookMsMin = 1;
const lookMsMax = 16;
/** What a pipe of Linux holds, and what is read of it at one look: between looks the thread hears of cancelled jobs. */
const pipeBytes = 64 * 1024;
const readBytesMax = 16 * pipeBytes;

const pipeful = Buffer.allocUnsafe(pipeBytes);

let starters = 0;

/**
 * Starts a program for one job after the other by a shell that does nothing else. Forking copies the page
 * tables of who forks, and those of a worker are large: some 5 ms of processor time a job. Payloads are
 * files, and output comes by named pipes.
 */
export class Starter {
  private readonly folder: string;
  /** Where a payload stands while its job runs. */
  private readonly payload: string;
  /** Its standard output and its errors; null: to be opened. */
  private pipes: readonly NamedPipe[] | null = null;
  private shell: ChildProcessByStdio<Writable, Readable, null> | null = null;
  private hear: (line: string | null) => void = () => undefined;

  constructor(
    private readonly program: Program,
    private readonly port: ProcessesPort,
  ) {
    this.folder = join(port.scratch, `starter-${threadId}-${++starters}`);
    this.payload = join(this.folder, `payload-${threadId}-${starters}`);
  }

  /**
   * Runs the program; one at a time.
   * @param asInput whether the payload is its standard input: else that is empty
   * @param traceparent trace context of the job; empty: none
   * @param heard each piece of its standard output
   * @throws Error of the system when the payload cannot be written, or no shell started
   */
  async run(
    payload: Uint8Array,
    asInput: boolean,
    traceparent: string,
    heard: (bytes: Buffer) => void,
  ): Promise<Running> {
    if (!this.pipesAreThere) await this.end();
    const shell = (this.shell ??= await this.start());
    try {
      writeFileSync(this.payload, payload, { flag: 'wx', mode: 0o600 });
      this.pipes ??= ['out', 'err'].map((name) => new NamedPipe(join(this.folder, name)));
      const started = new Started(this.pipes, heard, this.port.groups, (held) => this.over(held));
      this.hear = (line) => started.told(line);
      shell.stdin.write(`${asInput ? 'input' : 'none'} ${traceparent}\n`);
      return started;
    } catch (error) {
      rmSync(this.payload, { force: true });
      throw error;
    }
  }

  /** @param held whether somebody still has the pipes open, who could write into the answer of the next job */
  private async over(held: boolean): Promise<void> {
    rmSync(this.payload, { force: true });
    if (!held && this.shell !== null) return;
    this.closePipes();
    if (this.shell === null) return;
    const made = this.nextLine();
    this.shell.stdin.write('new\n');
    await made;
  }

  /**
   * What cleans folders of old files may have removed them: the output of a job would go into files that nobody reads.
   */
  private get pipesAreThere(): boolean {
    return ['out', 'err'].every((name) => existsSync(join(this.folder, name)));
  }

  /** Ends the shell, while it starts nothing; another job starts another one. */
  async end(): Promise<void> {
    if (this.shell === null) return;
    const ended = this.nextLine();
    this.shell.stdin.end();
    await ended;
  }

  private closePipes(): void {
    for (const pipe of this.pipes ?? []) pipe.close();
    this.pipes = null;
  }

  /** Resolves with what the shell says next; null: it has ended. */
  private nextLine(): Promise<string | null> {
    return new Promise((resolve) => (this.hear = resolve));
  }

  private async start(): Promise<ChildProcessByStdio<Writable, Readable, null>> {
    this.closePipes();
    for (const folder of [this.port.scratch, this.folder]) makeOwnFolder(folder);
    const { argv, folder, environment } = this.program;
    const words = argv.map((word) => word.replaceAll(payloadPlace, this.payload));
    const shell = spawn('/bin/sh', ['-c', script, 'trireme-starter', this.folder, this.payload, ...words], {
      cwd: folder,
      env: environment,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    const made = this.nextLine();
    shell.once('error', () => this.hear(null));
    shell.stdin.on('error', () => undefined);
    createInterface({ input: shell.stdout })
      .on('line', (line) => this.hear(line))
      .once('close', () => {
        this.shell = null;
        this.hear(null);
      });
    if ((await made) === null) throw new Error('the shell that starts its processes ended');
    return shell;
  }
}

/**
 * Makes a folder that only this user can enter. @throws Error where its name is something else, such as
 * another user's folder
 */
function makeOwnFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.geteuid?.() || (found.mode & 0o077) !== 0)
      throw new Error(`${folder} is no folder that only this user can enter: remove it`, { cause: error });
  }
}

/** A process that a starter runs. Nothing of its group is left once `over` has resolved. */
class Started implements Running {
  readonly over: Promise<Ending>;
  private readonly tail = new ErrorTail();
  private tellBegun: (pid: number | null) => void = () => undefined;
  private tellExited: (code: number | null) => void = () => undefined;
  private readonly begun = new Promise<number | null>((resolve) => (this.tellBegun = resolve));
  private readonly exited = new Promise<number | null>((resolve) => (this.tellExited = resolve));
  private state: 'ASKED' | 'ALIVE' | 'ENDED' = 'ASKED';
  private ending: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  /** @param finished hears whether somebody still holds the pipes */
  constructor(
    private readonly pipes: readonly NamedPipe[],
    private readonly heard: (bytes: Buffer) => void,
    private readonly groups: ProcessGroupsPort,
    finished: (held: boolean) => Promise<void>,
  ) {
    this.lookLater(lookMsMin);
    this.over = this.whenOver(finished);
  }

  /** Hears the shell: the process id, "over" and the exit code, or that it has ended. */
  told(line: string | null): void {
    const over = line === null ? null : /^over (\d+)$/.exec(line);
    if (line !== null && over === null) {
      this.state = 'ALIVE';
      this.groups.began(Number(line));
      return this.tellBegun(Number(line));
    }
    this.state = 'ENDED';
    this.tellBegun(null);
    this.tellExited(over === null ? null : Number(over[1]));
  }

  get complaint(): string {
    return this.tail.words;
  }

  /** Ends the whole group: SIGTERM, and what is left after killGraceMs SIGKILL. */
  kill(): Promise<void> {
    return (this.ending ??= this.begun.then((pid) => {
      // A group is there a little later than its process.
      if (pid !== null) return endGroup(pid, () => this.state === 'ALIVE');
    }));
  }

  private async whenOver(finished: (held: boolean) => Promise<void>): Promise<Ending> {
    const [pid, code] = [await this.begun, await this.exited];
    if (pid !== null) {
      // Nobody collects a process whose shell has ended.
      if (code === null) void this.kill();
      await groupOver(pid, this.ending);
      this.groups.gone(pid);
    }
    clearTimeout(this.timer);
    // One that left the group may still hold the output.
    const until = performance.now() + goneMsMax;
    let held = this.look() !== 'ENDED';
    while (held && performance.now() < until) {
      await pause(lookMsMin);
      held = this.look() !== 'ENDED';
    }
    await finished(held);
    const unstarted =
      code === null ? 'the shell that starts it ended' : pid === null ? 'its shell cannot read /proc/self/stat' : null;
    return { code, signal: null, unstarted };
  }

  /** Takes what has been written. ENDED: nobody has the pipes open; before the program has begun it is that too. */
  private look(): PipeState {
    const [output, errors] = this.pipes;
    const states = [output.read(this.heard), errors.read((bytes) => this.tail.push(bytes))];
    return states.includes('HAD') ? 'HAD' : states.includes('EMPTY') ? 'EMPTY' : 'ENDED';
  }

  private lookLater(ms: number): void {
    this.timer = setTimeout(() => this.lookLater(this.look() === 'HAD' ? lookMsMin : Math.min(2 * ms, lookMsMax)), ms);
  }
}

/** What was in a pipe: something, nothing yet, or nothing and nobody has it open for writing. */
type PipeState = 'HAD' | 'EMPTY' | 'ENDED';

/**
 * The reading end of a named pipe. It is looked at, and not waited for: a socket on a descriptor that this
 * thread has opened would be closed twice, by the socket and at the end of the thread.
 */
class NamedPipe {
  private readonly fd: number;

  constructor(path: string) {
    this.fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** Reads all that is there, up to readBytesMax. */
  read(heard: (bytes: Buffer) => void): PipeState {
    for (let had = 0; had < readBytesMax;) {
      let read = 0;
      try {
        read = readSync(this.fd, pipeful);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        return had > 0 ? 'HAD' : 'EMPTY';
      }
      if (read === 0) return had > 0 ? 'HAD' : 'ENDED';
      had += read;
      heard(Buffer.from(pipeful.subarray(0, read)));
    }
    return 'HAD';
  }

  close(): void {
    closeSync(this.fd);
  }
}
