import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/**
 * How often a process's peak memory is read; it only grows, so the last reading before the end is close to the peak.
 */
const memoryPollMs = 25;

export interface Run {
  readonly seconds: number;
  /** VmHWM of the process itself, in MiB; NaN where /proc does not tell. */
  readonly peakMib: number;
  readonly stdout: string;
}

export function peakMibOf(pid: number): number {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? NaN : Number(kib) / 1024;
  } catch {
    return NaN;
  }
}

/** Runs a command to its end. Standard output is kept when asked for and else goes nowhere. */
export async function runOnce(command: string, args: readonly string[], keepOutput: boolean): Promise<Run> {
  const started = process.hrtime.bigint();
  const child = spawn(command, args, { stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'] });
  const parts: Buffer[] = [];
  let complaint = '';
  let peakMib = NaN;
  child.stdout?.on('data', (part: Buffer) => parts.push(part));
  child.stderr?.on('data', (part: Buffer) => (complaint = `${complaint}${part.toString()}`.slice(-2000)));
  const poll = setInterval(() => {
    const now = peakMibOf(child.pid ?? 0);
    if (!Number.isNaN(now)) peakMib = now;
  }, memoryPollMs);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${complaint.trim()}`);
  } finally {
    clearInterval(poll);
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return { seconds, peakMib, stdout: Buffer.concat(parts).toString() };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
