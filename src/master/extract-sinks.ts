import { once } from 'node:events';
import { link, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type * as grpc from '@grpc/grpc-js';
import { TriremeError } from '../common/errors.js';
import { unwritable } from '../common/unwritable.js';
import type { ExtractRequest, ExtractResponse } from '../gen/trireme/v1/capture.js';

/** Bytes in one message to a client. */
const extractMessageBytes = 256 * 1024;

export type ExtractCall = grpc.ServerWritableStream<ExtractRequest, ExtractResponse>;

/** Where the packets that are taken out go. */
export interface ExtractSink {
  /** Resolves when more may come. */
  write(bytes: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  /** Nothing stays, unless it was completed. */
  discard(): Promise<void>;
}

/** To the caller, as fast as he reads. Rejects when `gone` is given. */
export function toCaller(call: ExtractCall, gone: AbortSignal): ExtractSink {
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += extractMessageBytes) {
        gone.throwIfAborted();
        const value = Buffer.from(bytes.subarray(at, at + extractMessageBytes));
        if (!call.write({ event: { $case: 'data', value } })) await once(call, 'drain', { signal: gone });
      }
    },
    complete: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}

/**
 * To a file that is not there yet, which has its name once it is complete.
 * @param name as its caller wrote it
 * @throws TriremeError FILE_UNWRITABLE
 */
export async function toNewFile(path: string, name: string): Promise<ExtractSink> {
  const failure = (error: unknown): TriremeError =>
    (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? new TriremeError('FILE_UNWRITABLE', `--to ${name}: is there already: name another file`, { cause: error })
      : unwritable('--to', name, error);
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw failure(error);
    }
  };
  const partial = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  let handle: FileHandle | null = await attempt(() => open(partial, 'wx', 0o666));
  const discard = async (): Promise<void> => {
    await handle?.close().catch(() => undefined);
    handle = null;
    await rm(partial, { force: true });
  };
  return {
    write: (bytes) =>
      attempt(async () => {
        for (let at = 0; at < bytes.length;) at += (await handle!.write(bytes, at)).bytesWritten;
      }),
    complete: () =>
      attempt(async () => {
        // Unlike a renaming, a link never takes the place of a file that came meanwhile.
        await link(partial, path);
        await discard();
      }),
    discard,
  };
}
