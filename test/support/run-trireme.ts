import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';

export interface Ran {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: Uint8Array;
  readonly cwd?: string;
  /** Variables beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Called once the process runs; what it does to it is the story. */
  readonly meanwhile?: (child: ReturnType<typeof spawn>) => void;
}

export const triremePath = join(projectRoot, 'bin', 'trireme');

/** Runs bin/trireme as a user does and waits for its end. */
export function runTrireme(args: readonly string[], { stdin, cwd, env, meanwhile }: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [triremePath, ...args], {
    cwd,
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  // A process that has read enough closes its input: no failure of the story.
  child.stdin.on('error', () => undefined);
  if (stdin !== undefined) child.stdin.end(stdin);
  else if (meanwhile === undefined) child.stdin.end();
  meanwhile?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
}
