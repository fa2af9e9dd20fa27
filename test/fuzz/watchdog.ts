import { mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { inputCpuSecondsMax, residentBytesMax, watchedBytesMax, watchIntervalMs } from './limits.js';

/** Number of the present input, and its length; the bytes follow. */
const headWords = 2;

interface Watched {
  readonly memory: SharedArrayBuffer;
  readonly target: string;
  readonly folder: string;
}

/** Exit code of a process that its watchdog ended. */
export const stoppedByWatchdog = 'SIGKILL';

/**
 * Watches the thread that runs a target from another one, because a parser that hangs answers nobody. It
 * keeps a copy of the present input; when that takes too long or the process grows too large it is written
 * down, and the process ends.
 */
export class Watchdog {
  private readonly head: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly worker: Worker;

  constructor(target: string, folder: string) {
    const memory = new SharedArrayBuffer(4 * headWords + watchedBytesMax);
    this.head = new Int32Array(memory, 0, headWords);
    this.bytes = new Uint8Array(memory, 4 * headWords);
    this.worker = new Worker(__filename, { workerData: { memory, target, folder } satisfies Watched });
  }

  /** The target is about to be handed this input. */
  begins(input: Uint8Array): void {
    const length = Math.min(input.length, watchedBytesMax);
    this.bytes.set(input.subarray(0, length));
    this.head[1] = length;
    Atomics.add(this.head, 0, 1);
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Highest memory of this process so far, in bytes, as the kernel knows it. */
export function residentBytesPeak(): number {
  const kib = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
  return Number(kib) * 1024;
}

function watch({ memory, target, folder }: Watched): void {
  const head = new Int32Array(memory, 0, headWords);
  const bytes = new Uint8Array(memory, 4 * headWords);
  let seen = -1;
  let cpuSince = 0;
  const cpuSeconds = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const stop = (what: string): void => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${target}-${what.split(' ')[0]}-${Date.now()}.bin`);
    writeFileSync(path, bytes.slice(0, head[1]));
    writeSync(2, `fuzz: ${target}: ${what} (input ${head[0]} of this run); the input is in ${path}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  setInterval(() => {
    const input = Atomics.load(head, 0);
    const cpu = cpuSeconds();
    if (input !== seen) [seen, cpuSince] = [input, cpu];
    else if (input > 0 && cpu - cpuSince > inputCpuSecondsMax)
      stop(`hang: one input took over ${inputCpuSecondsMax} s of processor time`);
    const peak = residentBytesPeak();
    if (peak > residentBytesMax)
      stop(`memory: ${(peak / 2 ** 20).toFixed(0)} MiB, over residentBytesMax ${residentBytesMax / 2 ** 20} MiB`);
  }, watchIntervalMs);
}

if (!isMainThread && (workerData as Watched | null)?.memory instanceof SharedArrayBuffer) watch(workerData as Watched);
