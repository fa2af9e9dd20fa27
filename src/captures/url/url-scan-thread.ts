import { parentPort, workerData } from 'node:worker_threads';
import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import type { ChunkPlan } from '../../pcap/types.js';
import { pourStream } from '../file/pour.js';
import type { ThreadData } from '../threads/scan-threads.js';
import type { UrlSource } from './url-identity.js';
import { streamUrl } from './url-stream.js';

/** Data that a thread which scans a capture over HTTP starts with. */
interface UrlThreadData extends ThreadData {
  readonly source: UrlSource;
}

if (parentPort !== null) {
  const port = parentPort;
  const { module, source, scan, told } = workerData as UrlThreadData;
  async function* counted({ start, end }: ChunkPlan): AsyncGenerator<Uint8Array> {
    for await (const bytes of streamUrl(source, start, end)) {
      told[0] += bytes.length;
      yield bytes;
    }
  }
  port.on('message', async (plan: ChunkPlan) => {
    const scanner = new ChunkScanner(module, plan, scan);
    await pourStream(counted(plan), scanner);
    const result = scanner.end();
    port.postMessage(result, [result.partial.buffer as ArrayBuffer]);
  });
}
