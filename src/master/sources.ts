import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { read } from 'node:fs';
import type * as grpc from '@grpc/grpc-js';
import type { UrlSource } from '../captures/url/url-identity.js';
import { atMost } from '../common/stuck-work.js';
import { TriremeError } from '../common/errors.js';
import type { ServedService } from '../common/grpc-server.js';
import { toStatus } from '../common/grpc-status.js';
import { FileWork } from '../captures/file/file-work.js';
import { rangeMessage } from '../captures/scan/range-wire.js';
import { ChunkSourceService, type ReadRangeRequest } from '../gen/trireme/v1/capture.js';
import type { OpenCapture } from './open-capture.js';

/** Bytes in one message of a range: large enough to be cheap, small enough that a cancelled range stops soon. */
const rangeMessageBytes = 256 * 1024;
/** Ranges read at once: one for each slot of a large cluster. */
const rangesMax = 1024;
/**
 * Reads of one capture at once: enough to keep a disk busy, and a capture that does not answer holds no more threads.
 */
const readsPerSourceMax = 4;
/** Time for reads under way to come back before their file is closed. What comes later is dropped. */
const readsEndMs = 1_000;

/** Its messages are sent as they are: see rangeMessage. */
type RangeCall = grpc.ServerWritableStream<ReadRangeRequest, Buffer>;

const definition = {
  readRange: { ...ChunkSourceService.readRange, responseSerialize: (message: Buffer) => message },
};

interface Source {
  readonly capture: OpenCapture;
  readonly onSilent: (error: TriremeError) => void;
  /** Calls that read it: the file stays open until the last has ended. */
  readonly calls: Set<RangeCall>;
  /** Reads under way, and those that wait for one of them to end. */
  reads: number;
  readonly waiting: (() => void)[];
  closing: (() => void) | null;
}

/** The captures of running analyses, under names that only their workers know, and ChunkSource that serves them. */
export class Sources {
  private readonly sources = new Map<string, Source>();
  private ranges = 0;
  private readonly work = new FileWork();
  bytesServed = 0;

  /**
   * Serves a capture until the returned function is called; that resolves when nothing reads it any more, or
   * a read does not come back. `onSilent` hears of a file that does not answer: to ask workers again and
   * again would be in vain.
   */
  serve(capture: OpenCapture, onSilent: (error: TriremeError) => void): { name: string; end: () => Promise<void> } {
    const name = randomUUID();
    const source: Source = { capture, onSilent, calls: new Set(), reads: 0, waiting: [], closing: null };
    this.sources.set(name, source);
    return {
      name,
      end: async () => {
        this.sources.delete(name);
        for (const call of source.calls) {
          call.emit('error', toStatus(new TriremeError('CANCELLED', 'the analysis has ended')));
        }
        for (const next of source.waiting.splice(0)) next();
        const idle = new Promise<void>((resolve) => (source.closing = resolve));
        if (source.reads > 0) await atMost(readsEndMs, idle);
      },
    };
  }

  get service(): ServedService {
    return {
      definition: definition as unknown as grpc.ServiceDefinition,
      implementation: {
        readRange: (call: RangeCall) => this.readRange(call),
      },
    };
  }

  private readRange(call: RangeCall): void {
    const { source: name, offset, length } = call.request;
    const source = this.sources.get(name);
    const refusal =
      source === undefined
        ? new TriremeError('NO_ANALYSIS', `no running analysis serves the source '${name.slice(0, 64)}'`)
        : this.ranges >= rangesMax
          ? new TriremeError('QUEUE_FULL', `${rangesMax} ranges are read already (rangesMax)`)
          : null;
    if (source === undefined || refusal !== null) {
      call.emit('error', toStatus(refusal));
      return;
    }
    const { sourceBytes = source.capture.sizeBytes } = source.capture;
    const end = Math.min(sourceBytes, Number(offset) + Number(length));
    this.ranges++;
    source.calls.add(call);
    let over = false;
    const finish = (): void => {
      if (over) return;
      over = true;
      this.ranges--;
      source.calls.delete(call);
    };
    call.on('cancelled', finish);
    call.on('error', finish);
    call.on('finish', finish);
    const { bytes } = source.capture;
    if (bytes.at === 'url') {
      void this.sendUrl(call, bytes.source, Number(offset), end);
      return;
    }
    let position = Number(offset);
    const next = (): void => {
      if (over) return;
      if (position >= end) {
        call.end();
        return;
      }
      if (source.reads >= readsPerSourceMax) {
        source.waiting.push(next);
        return;
      }
      const { message, data } = rangeMessage(Math.min(rangeMessageBytes, end - position));
      void this.read(source, bytes.fd, data, position).then((error) => {
        if (over) return;
        if (error !== null) {
          call.emit('error', toStatus(error));
          return;
        }
        position += data.length;
        this.bytesServed += data.length;
        if (call.write(message)) next();
        else call.once('drain', next);
      });
    };
    next();
  }

  /** Fills `data`; null: it is full. Who waits for a file that does not answer is told so. */
  private async read(source: Source, fd: number, data: Buffer, position: number): Promise<TriremeError | null> {
    source.reads++;
    try {
      const { capture } = source;
      const read = (): Promise<number> => capture.readAt?.(data, position) ?? readAt(fd, data, position);
      const count = await this.work.run(capture.nameAt?.(position) ?? capture.path, read);
      if (count === data.length) return null;
      return new TriremeError('FILE_CHANGED', `cannot read at ${position}: the file has become shorter`);
    } catch (error) {
      if (error instanceof TriremeError) {
        // Of joined files one that cannot be read is left out, and the others go on.
        if (source.capture.bytes.at !== 'join') source.onSilent(error);
        return error;
      }
      return new TriremeError('FILE_CHANGED', `cannot read at ${position}: ${(error as Error).message}`);
    } finally {
      source.reads--;
      source.waiting.shift()?.();
      if (source.reads === 0) source.closing?.();
    }
  }

  /** For a worker that cannot read the URL itself. */
  private async sendUrl(call: RangeCall, source: UrlSource, start: number, end: number): Promise<void> {
    const stop = new AbortController();
    for (const event of ['cancelled', 'error'] as const) call.on(event, () => stop.abort());
    try {
      // Loaded only here: it brings the HTTP client.
      const { streamUrl } = await import('../captures/url/url-stream.js');
      for await (const bytes of streamUrl(source, start, end, { signal: stop.signal })) {
        const { message, data } = rangeMessage(bytes.length);
        data.set(bytes);
        this.bytesServed += bytes.length;
        if (!call.write(message)) await once(call, 'drain', { signal: stop.signal });
      }
      call.end();
    } catch (error) {
      if (!stop.signal.aborted) call.emit('error', toStatus(TriremeError.from(error)));
    }
  }
}

function readAt(fd: number, data: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) =>
    read(fd, data, 0, data.length, position, (error, count) => (error === null ? resolve(count) : reject(error))),
  );
}
