import type { ServiceError } from '@grpc/grpc-js';
import { failedFile, type FailedFile } from '../captures/scan/capture-entry.js';
import { TriremeError, type ErrorCode } from '../common/errors.js';
import { rangeData } from '../captures/scan/range-wire.js';
import { ChunkSourceService, type ChunkSourceClient } from '../gen/trireme/v1/capture.js';

/**
 * Bytes of a hub's file from an offset on. They are pulled: the stream holds a few messages, and the hub reads on only
 * as they are taken. A scan ends its chunk at a record boundary that no one knows beforehand, so the range is open and
 * the reader stops when it has enough.
 */
export async function* streamRange(
  client: ChunkSourceClient,
  source: string,
  offset: number,
  length: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { path, requestSerialize } = ChunkSourceService.readRange;
  const request = { source, offset: BigInt(offset), length: BigInt(length) };
  const call = client.makeServerStreamRequest(path, requestSerialize, rangeData, request);
  const cancel = (): void => call.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const data of call as AsyncIterable<Uint8Array>) yield data;
  } catch (error) {
    const { details, message } = error as ServiceError;
    throw new TriremeError('UNREACHABLE', `the hub stopped sending ${source}: ${details || message}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', cancel);
    call.cancel();
  }
}

/** How a hub says that the file itself cannot be read. */
const ofTheFile = /^(FILE_UNREADABLE|FILE_CHANGED|FILE_SILENT|PATH_REFUSED): (.*)$/s;

/** What is told of a file whose range ended with this error. One that is not about the file is thrown again. */
export function fileOfRange(name: string, error: unknown): FailedFile {
  const cause = TriremeError.from(error).cause as Partial<ServiceError> | undefined;
  const why = ofTheFile.exec(cause?.details ?? '');
  if (why === null) throw error;
  return failedFile(name, new TriremeError(why[1] as ErrorCode, why[2]));
}
