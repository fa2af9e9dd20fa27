import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** Looks at what is going to be done with a file: its kind, and a byte of each end. Opens nothing but regular files. */
const script = '[ -f "$1" ] && head -c 1 -- "$1" && tail -c 1 -- "$1"';

/**
 * Starts a process that looks at a file; `over` hears when it has ended, or cannot be started at all.
 * @returns gives it up: it is killed, which it may hear only when the file system answers
 */
export function startProbe(path: string, over: () => void): () => void {
  const child = spawn('/bin/sh', ['-c', script, 'probe', resolve(path)], { stdio: 'ignore', cwd: '/' });
  child.once('error', over);
  child.once('exit', over);
  return () => {
    child.kill('SIGKILL');
    child.unref();
  };
}
