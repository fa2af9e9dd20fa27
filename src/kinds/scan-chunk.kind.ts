import { openSync, closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BatchSource, Kind, KindBatch } from './kind.js';
import type * as ChunkScan from './chunk-scan.js';

// The scanner and the message types are loaded with the first chunk: the roles that only want the name do not pay.
const load = createRequire(__filename);
const scan = (): typeof ChunkScan => load('./chunk-scan.js') as typeof ChunkScan;

/** Scans a byte range of a capture; a unit is a byte. The bytes are a file of this machine, or are sent by the hub. */
export const kind: Kind = {
  number: 100,
  name: 'SCAN_CHUNK',
  clientMay: false,
  needsSource: true,
  unitsOf: (payload) => scan().bytesOf(payload),
  calibrate: () => scan().secondsPerByte(),
  async run(batch) {
    const task = scan().readTask(batch.payload(0));
    await withFile(batch.source, async (fd) => {
      const answer = await scan().scanTask(task, fd === null ? pieces(batch) : fd, {
        cancelled: () => batch.cancelled(),
        progress: (bytes) => batch.progress(bytes),
      });
      if (answer === null) batch.notRun('CANCELLED: while it ran');
      else batch.answer(answer);
    });
  },
};

async function withFile(source: BatchSource | null, use: (fd: number | null) => Promise<void>): Promise<void> {
  if (source?.type !== 'file') return use(null);
  const fd = openSync(source.path, 'r');
  try {
    await use(fd);
  } finally {
    closeSync(fd);
  }
}

/** The bytes that are sent. Reading blocks the thread, which has nothing else to do. */
async function* pieces({ source }: KindBatch): AsyncGenerator<Uint8Array> {
  if (source?.type !== 'stream') return;
  for (let piece = source.read(); piece !== null; piece = source.read()) yield piece;
}
