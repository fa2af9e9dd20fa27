import { parentPort, workerData } from 'node:worker_threads';
import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import type { ChunkPlan } from '../../pcap/types.js';
import { GrowthWatch } from '../threads/growth-watch.js';
import { FilePour } from '../file/pour.js';
import type { ThreadData } from '../threads/scan-threads.js';

/** Data that a thread which scans a file starts with. */
interface FileThreadData extends ThreadData {
  /** Descriptors belong to the process: the thread reads the very file that was opened, whatever its name is now. */
  readonly fd: number;
  /** Nothing behind it is read. */
  readonly sizeBytes: number;
}

if (parentPort !== null) {
  const port = parentPort;
  const { module, fd, sizeBytes, scan, told, growthBytes } = workerData as FileThreadData;
  port.on('message', (plan: ChunkPlan) => {
    const scanner = new ChunkScanner(module, plan, scan);
    const watch = new GrowthWatch(growthBytes, () => scanner.table);
    new FilePour(fd, scanner, plan.start, sizeBytes).all((bytes) => {
      told[0] += bytes;
      if (watch.passed(bytes)) told[1] = 1;
    });
    const result = scanner.end();
    port.postMessage(result, [result.partial.buffer as ArrayBuffer]);
  });
}
