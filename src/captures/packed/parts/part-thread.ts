import { parentPort, workerData } from 'node:worker_threads';
import { readInto } from '../../file/regular-file.js';
import { PartNews } from './part-news.js';
import { PartRunner } from './part-runner.js';
import { type PartPlan, type PartRun, runPart } from './run-part.js';

/** Data that a thread starts with. Descriptors belong to the process. */
export interface PartThreadData {
  readonly fd: number;
  /** Nothing behind it is read. */
  readonly sizeBytes: number;
}

export interface PartOrder extends PartPlan {
  /** Parts that follow each other have it in common. */
  readonly beginning: number;
  readonly news: SharedArrayBuffer;
}

export interface PartResult {
  readonly beginning: number;
  readonly number: number;
  readonly out: ArrayBuffer;
  readonly run: PartRun | null;
}

if (parentPort !== null) {
  const port = parentPort;
  const { fd, sizeBytes } = workerData as PartThreadData;
  const runner = new PartRunner();
  const read = (at: number, bytes: Uint8Array): number =>
    readInto(fd, at, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).length;
  port.on('message', (order: PartOrder) => {
    const run = runPart(runner, order, sizeBytes, new PartNews(order.news), read);
    const { beginning, number, out } = order;
    port.postMessage({ beginning, number, out, run } satisfies PartResult, [out]);
  });
}
