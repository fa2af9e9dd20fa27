import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadData } from '../threads/scan-threads.js';
import { type RunPlan, type RunResult, scanRun } from './scan-run.js';

if (parentPort !== null) {
  const port = parentPort;
  const { module, scan, told } = workerData as ThreadData;
  port.on('message', ({ from, files }: RunPlan) => {
    const scanned = scanRun(module, files, scan, (bytes) => {
      told[0] += bytes;
    });
    // A rejection that nobody hears ends the thread, and its error reaches the one who waits.
    void scanned.then(({ scanner, outcomes }) => {
      const partial = scanner.partial();
      port.postMessage({ from, outcomes, partial } satisfies RunResult, [partial.buffer as ArrayBuffer]);
    });
  });
}
