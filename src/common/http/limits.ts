import type { ServerOptions } from 'node:http';
import type { ConnectionBounds } from './connections.js';

/** Bounds of the port that --http opens. Each has a default and a reason. */
export interface HttpLimits extends ConnectionBounds {
  /** Connections at once; each carries one call at a time. A flood of them must leave the other ports descriptors. */
  readonly connectionsMax: number;
  /** A caller that takes none of the bytes that wait for it for this long is cut off, as on the other ports. */
  readonly readerTimeoutMs: number;
  /** Time for the whole body of a call with one message, beside that for its length; and between pieces of a stream. */
  readonly senderTimeoutMs: number;
  /** Length of a message in a stream of requests: twice a piece of an upload. So each stream holds little. */
  readonly streamedMessageBytesMax: number;
}

export const httpLimitsDefault: HttpLimits = {
  connectionsMax: 4_096,
  // Libraries keep a few idle connections each for their next call.
  idleConnectionsMax: 512,
  // Requests whose sender is not known yet take less than a millisecond.
  requestsMax: 256,
  readerTimeoutMs: 30_000,
  senderTimeoutMs: 30_000,
  streamedMessageBytesMax: 512 * 1024,
};

/** What is written at once: a caller that takes this much in `readerTimeoutMs` is slow, and goes on. */
export const writtenPieceBytes = 64 * 1024;

/** Time for a caller to read its answer before the rest of its request, which nobody wants, ends the connection. */
export const lingerMs = 1_000;

/** What Node bounds: 16 KiB of headers (ten times what clients send) within 5 s; bodies have bounds of their own. */
export const httpBounds: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 0,
  // Longer than most clients keep a connection, so that it is they who close it, and no call is lost to that.
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
};
