import { parentPort, workerData } from 'node:worker_threads';
import { ChunkScanner } from '../pcap/chunk-scanner.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { FilePour } from './pour.js';

/** What a scanning thread is born with. */
export interface ScanThreadData {
  readonly module: WebAssembly.Module;
  /** Descriptors belong to the process: the thread reads the very file that was opened, whatever its name is now. */
  readonly fd: number;
  readonly scan: ScanOptions;
  /** One number: bytes that this thread has read, for the progress. */
  readonly bytesRead: Float64Array;
}

if (parentPort !== null) {
  const port = parentPort;
  const { module, fd, scan, bytesRead } = workerData as ScanThreadData;
  port.on('message', (plan: ChunkPlan) => {
    const scanner = new ChunkScanner(module, plan, scan);
    new FilePour(fd, scanner, plan.start).all((bytes) => {
      bytesRead[0] += bytes;
    });
    const result = scanner.end();
    port.postMessage(result, [result.partial.buffer as ArrayBuffer]);
  });
}
