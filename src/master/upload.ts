import type { ServerReadableStream } from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import type { UploadRequest, UploadResponse } from '../gen/trireme/v1/capture.js';
import type { Spool } from './spool.js';

/** Writes an upload to the spool as fast as the disk takes it, and answers with its path there. */
export async function receiveUpload(
  call: ServerReadableStream<UploadRequest, UploadResponse>,
  spool: Spool,
): Promise<string> {
  const file = await spool.create();
  let header: Extract<UploadRequest['part'], { $case: 'header' }>['value'] | null = null;
  try {
    for await (const { part } of call as AsyncIterable<UploadRequest>) {
      if (part?.$case === 'header') {
        if (header !== null) throw new TriremeError('USAGE', 'the upload has two headers');
        header = part.value;
      } else if (part?.$case === 'data') {
        if (header === null) throw new TriremeError('USAGE', 'the upload does not begin with its header');
        await file.write(part.value);
      }
    }
    if (call.cancelled) throw new TriremeError('CANCELLED', 'the client is gone');
    if (header === null) throw new TriremeError('USAGE', 'the upload is empty: it has no header');
    return await file.finish(header.identity ?? null);
  } catch (error) {
    await file.discard();
    throw error;
  }
}
