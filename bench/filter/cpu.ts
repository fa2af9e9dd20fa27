import { spawnSync } from 'node:child_process';

export interface Spent {
  readonly wall: number;
  /** User and system time of the process and its threads. */
  readonly cpu: number;
  readonly stdout: string;
}

/** Bash tells the CPU time of a child, which Node does not. */
const timed = `TIMEFORMAT='%R %U %S'; time "$@" 2>/dev/null`;

/** Runs a command to its end. Throws when it fails. */
export function spend(command: string, args: readonly string[]): Spent {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', timed, '-', command, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ').slice(0, 200)} ended with ${status}`);
  const [wall, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { wall, cpu: user + system, stdout };
}
