import type { ServerReadableStream } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import type { UploadRequest, UploadResponse } from '../gen/trireme/v1/capture.js';
import type { Spool, SpoolWriter } from './spool.js';

/** A client that sends nothing of its upload for so long is gone or means harm. Ours says every 10 s that it is there. */
const uploadStallMs = 30_000;

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
  // Each message in a call of its own: a function that waits for the next one would keep the one before in memory.
  const takeOne = async (): Promise<boolean> => {
    const message = await nextMessage(call, stallMs, bytes);
    if (message === null) return false;
    const { part } = message;
    if (part?.$case === 'header') {
      if (file !== null) throw new TriremeError('USAGE', 'the upload has two headers');
      ({ identity } = part.value);
      file = await spool.create();
    } else if (part?.$case === 'data') {
      if (file === null) throw new TriremeError('USAGE', 'the upload does not begin with its header');
      await file.write(part.value);
      bytes += part.value.length;
    }
    return true;
  };
  const written = (): SpoolWriter | null => file;
  try {
    while (await takeOne());
    if (call.cancelled) throw new TriremeError('CANCELLED', 'the client is gone');
    const whole = written();
    if (whole === null) throw new TriremeError('USAGE', 'the upload is empty: it has no header');
    return await whole.finish(identity ?? null);
  } catch (error) {
    await written()?.discard();
    throw error;
  }
}

/** Reads one message of a call, and none ahead; null at its end, or when its client has gone. */
function nextMessage(
  call: ServerReadableStream<UploadRequest, UploadResponse>,
  stallMs: number,
  bytes: number,
): Promise<UploadRequest | null> {
  if (call.readableEnded || call.destroyed) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      call.pause();
      call.off('data', took).off('end', ended).off('close', ended).off('error', failed);
    };
    const took = (message: UploadRequest): void => {
      end();
      resolve(message);
    };
    const ended = (): void => {
      end();
      resolve(null);
    };
    const failed = (error: Error): void => {
      end();
      reject(error);
    };
    const timer = setTimeout(() => {
      const after = `after ${bytes} bytes of the upload nothing came for ${stallMs / 1000} s`;
      failed(
        new TriremeError('DEADLINE_PASSED', `${after}; a client whose source is slow sends empty pieces meanwhile`),
      );
    }, stallMs);
    call.on('data', took).on('end', ended).on('close', ended).on('error', failed).resume();
  });
}
