import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TriremeError } from '../common/errors.js';
import { projectRoot } from '../common/version.js';
import type { Interruption } from './interruption.js';
import type { Host } from './sandbox.js';

/** Time for a program of a lab to end after SIGINT before it is killed. */
const endGraceMs = 5000;

/** One program of a lab that runs on a host; its lines appear under its name. */
export interface Player {
  /** Its lines so far. */
  readonly lines: readonly string[];
  /** Resolves with the exit code at its own end. */
  readonly ended: Promise<number>;
  /** Ctrl-C, and waits. */
  stop(): Promise<void>;
  /** Dead at once, as by a power cut. */
  kill(): Promise<void>;
}

/** Runs `trireme ...` on hosts, says what happens, and ends everything that it started. */
export class Stage {
  private readonly players = new Set<Player>();

  constructor(private readonly interruption: Interruption) {}

  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  heading(text: string): void {
    this.interruption.check();
    this.say(`\n== ${text}`);
  }

  /** Starts a program; `show` chooses the lines that are printed. */
  start(label: string, host: Host, argv: readonly string[], show: (line: string) => boolean = () => true): Player {
    this.interruption.check();
    const command = [...host.enter, process.execPath, join(projectRoot, 'bin', 'trireme'), ...argv];
    const child: ChildProcess = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (show(line)) this.say(`  ${label.padEnd(8)} ${line}`);
      });
    }
    const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), endGraceMs);
      await ended;
      clearTimeout(timer);
    };
    const player = { lines, ended, stop: () => end('SIGINT'), kill: () => end('SIGKILL') };
    this.players.add(player);
    void ended.then(() => this.players.delete(player));
    return player;
  }

  /**
   * Runs a program to its end; resolves with its lines. Ends early when the lab is interrupted. Throws when it fails.
   */
  async run(
    label: string,
    host: Host,
    argv: readonly string[],
    show?: (line: string) => boolean,
  ): Promise<readonly string[]> {
    const player = this.start(label, host, argv, show);
    this.interruption.onHappen(() => void player.stop());
    const code = await player.ended;
    this.interruption.check();
    if (code !== 0) {
      const said = player.lines.at(-1) ?? 'nothing';
      throw new TriremeError('JOB_FAILED', `${label}: trireme ${argv.join(' ')} ended with ${code}; it said: ${said}`);
    }
    return player.lines;
  }

  /** Waits until a player has said a line like this; fails after some seconds. */
  async heard(player: Player, pattern: RegExp): Promise<void> {
    const deadlineMs = performance.now() + 10_000;
    while (!player.lines.some((line) => pattern.test(line))) {
      this.interruption.check();
      if (performance.now() > deadlineMs) throw new Error(`no line like ${pattern} came in 10 s`);
      await this.interruption.sleep(20);
    }
  }

  async pause(ms: number): Promise<void> {
    await this.interruption.sleep(ms);
    this.interruption.check();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.players].map((player) => player.stop()));
  }
}
