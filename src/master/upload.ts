import type { ServerReadableStream } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import type { UploadRequest, UploadResponse } from '../gen/trireme/v1/capture.js';
import { uploadStallMs } from './limits.js';
import type { Spool, SpoolWriter } from './spool.js';

/**
 * Writes an upload to the spool as fast as the disk takes it, and answers with its path there. Nothing is held for a
 * caller before his first message, nor for one who sends none for a while.
 */
export async function receiveUpload(
  call: ServerReadableStream<UploadRequest, UploadResponse>,
  spool: Spool,
  stallMs = uploadStallMs,
): Promise<string> {
  let file: SpoolWriter | null = null;
  let identity: Extract<UploadRequest['part'], { $case: 'header' }>['value']['identity'];
  let bytes = 0;
  try {
    const messages = (call as AsyncIterable<UploadRequest>)[Symbol.asyncIterator]();
    for (;;) {
      const message = await inTime(messages.next(), stallMs, bytes);
      if (message.done === true) break;
      const { part } = message.value;
      if (part?.$case === 'header') {
        if (file !== null) throw new TriremeError('USAGE', 'the upload has two headers');
        ({ identity } = part.value);
        file = await spool.create();
      } else if (part?.$case === 'data') {
        if (file === null) throw new TriremeError('USAGE', 'the upload does not begin with its header');
        await file.write(part.value);
        bytes += part.value.length;
      }
    }
    if (call.cancelled) throw new TriremeError('CANCELLED', 'the client is gone');
    if (file === null) throw new TriremeError('USAGE', 'the upload is empty: it has no header');
    return await file.finish(identity ?? null);
  } catch (error) {
    await file?.discard();
    throw error;
  }
}

/** The next message, if it comes in time. One that is not waited for any more is nobody's: its call has ended. */
async function inTime<T>(next: Promise<T>, stallMs: number, bytes: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const after = `after ${bytes} bytes of the upload nothing came for ${stallMs / 1000} s`;
      reject(
        new TriremeError('DEADLINE_PASSED', `${after}; a client whose source is slow sends empty pieces meanwhile`),
      );
    }, stallMs);
  });
  next.catch(() => undefined);
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}
