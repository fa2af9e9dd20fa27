import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadData } from '../threads/scan-threads.js';
import { beforeRun, type RunPlan, type RunResult, scanRun } from './scan-run.js';

if (parentPort !== null) {
  const port = parentPort;
  const { module, scan, told } = workerData as ThreadData;
  port.on('message', (plan: RunPlan) => {
    const { from, files, again } = plan;
    const onBytes = (bytes: number): void => {
      if (again === undefined) told[0] += bytes;
    };
    const scanned = scanRun(module, files, scan, onBytes, undefined, beforeRun(plan));
    // A rejection that nobody hears ends the thread, and its error reaches the one who waits.
    void scanned.then(({ scanner, outcomes }) => {
      const partial = scanner.partial();
      port.postMessage({ from, again, outcomes, partial } satisfies RunResult, [partial.buffer as ArrayBuffer]);
    });
  });
}
