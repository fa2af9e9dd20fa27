import type { ServerReadableStream } from '@grpc/grpc-js';
import type { IncomingMessage } from 'node:http';
import { TriremeError } from '../common/errors.js';
import { atMost } from '../common/stuck-work.js';
import type { UploadRequest, UploadResponse } from '../gen/trireme/v1/capture.js';
import type { Spool, SpoolWriter } from './spool.js';

/**
 * A client that sends nothing of its upload for so long is gone or means harm. Ours says every 10 s that it is there.
 */
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

/**
 * Writes the body of a request to the spool, as fast as the disk takes it, and answers with its path there.
 * Nothing of it stays when its sender goes or stalls.
 */
export async function receiveBody(request: IncomingMessage, spool: Spool, stallMs = uploadStallMs): Promise<string> {
  const announced = Number(request.headers['content-length'] ?? 0);
  spool.checkRoom(announced);
  const file = await spool.create();
  let bytes = 0;
  try {
    const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    for (;;) {
      const next = await atMost(stallMs, pieces.next());
      if (next === null) throw stalled(bytes, stallMs, 'send it faster');
      if (next.done === true) break;
      await file.write(next.value);
      bytes += next.value.length;
    }
    if (bytes === 0) throw new TriremeError('USAGE', 'the body is empty: send the capture as it is');
    return await file.finish(null);
  } catch (error) {
    await file.discard();
    if (request.destroyed && !request.complete)
      throw new TriremeError('CANCELLED', `the client is gone after ${bytes} bytes of the upload`, { cause: error });
    throw error;
  }
}

function stalled(bytes: number, stallMs: number, advice: string): TriremeError {
  const after = `after ${bytes} bytes of the upload nothing came for ${stallMs / 1000} s`;
  return new TriremeError('DEADLINE_PASSED', `${after}; ${advice}`, {
    facts: { value: bytes, bound: stallMs, boundName: 'uploadStallMs' },
  });
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
      failed(stalled(bytes, stallMs, 'a client whose source is slow sends empty pieces meanwhile'));
    }, stallMs);
    call.on('data', took).on('end', ended).on('close', ended).on('error', failed).resume();
  });
}
