import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread that runs a module of this program, packed or not as the program itself (src/launch.ts).
 * @param module its place below src, such as `captures/scan/scan-thread.js`
 */
export function startThread(module: string, options: WorkerOptions = {}): Worker {
  return new Worker(join(__dirname, '..', 'launch.js'), { ...options, argv: [module] });
}
