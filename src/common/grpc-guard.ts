import type * as grpc from '@grpc/grpc-js';
import { constants, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from './logging.js';
import { RateLimit } from './rate-limit.js';

/** Bounds on what one connection to a gRPC port may cost. Each has a default and a reason. */
export interface GrpcGuardLimits {
  /** Connections at once. Some more than workersMax; an idle one costs some 50 KiB. Past it new ones are closed unheard. */
  readonly connectionsMax: number;
  /** A caller that takes none of the bytes waiting for it for this long is closed, as on the TCP port. */
  readonly readerTimeoutMs: number;
  /** Time for the whole request of a call that has one message. Such a message is small; only a trickle takes longer. */
  readonly senderTimeoutMs: number;
  /** PING frames of a connection in one interval: ten times what the keepalive of any client sends. */
  readonly pingsMax: number;
  readonly pingIntervalMs: number;
  /** Time between two looks at the open calls. */
  readonly sweepIntervalMs: number;
}

export const grpcGuardLimitsDefault: GrpcGuardLimits = {
  connectionsMax: 16_384,
  readerTimeoutMs: 30_000,
  senderTimeoutMs: 30_000,
  pingsMax: 100,
  pingIntervalMs: 10_000,
  sweepIntervalMs: 1_000,
};

/** Why a caller was cut off. Each word is a label of trireme_grpc_offences_total. */
export type GrpcOffence = 'connections' | 'slow-reader' | 'slow-sender' | 'pings';

/** A call under way. */
interface Watched {
  readonly path: string;
  sinceMs: number;
  /** When the caller last took a message. */
  progressMs: number;
}

/**
 * Watches the HTTP/2 connections of a gRPC server for what gRPC itself lets pass: callers that do not read, requests
 * that never end, floods of PING. Floods of resets, settings and frames are cut off by Node, message sizes and calls at
 * once by gRPC.
 */
export class GrpcGuard {
  readonly counts = new Map<GrpcOffence, number>();
  private readonly rate = new RateLimit();
  private readonly streams = new Map<ServerHttp2Stream, Watched>();
  private readonly sweep: NodeJS.Timeout;
  private lookedMs: number;

  /** @param oneMessage says whether the method of this path takes one message, from its `/package.Service/Method` */
  constructor(
    private readonly oneMessage: (path: string) => boolean,
    private readonly log: Logger,
    private readonly limits: GrpcGuardLimits = grpcGuardLimitsDefault,
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.lookedMs = nowMs();
    this.sweep = setInterval(() => this.look(), limits.sweepIntervalMs);
    this.sweep.unref();
  }

  /** Watches a server that is bound. grpc-js does not pass its connections on, so its servers are listened to. */
  watch(server: grpc.Server): void {
    const servers = server['http2Servers'] as ReadonlyMap<Http2Server, unknown>;
    for (const each of servers.keys()) {
      each.maxConnections = this.limits.connectionsMax;
      each.on('drop', (dropped?: { remoteAddress?: string }) => {
        this.report('connections', { peer: dropped?.remoteAddress, connectionsMax: this.limits.connectionsMax });
      });
      each.on('session', (session) => this.watchPings(session));
      each.on('stream', (stream, headers) => this.watchStream(stream, String(headers[':path'] ?? '')));
    }
  }

  close(): void {
    clearInterval(this.sweep);
  }

  addMetrics(registry: Registry): void {
    const { counts } = this;
    new Counter({
      name: 'trireme_grpc_offences_total',
      help: 'gRPC callers cut off, by reason',
      labelNames: ['reason'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [reason, count] of counts) this.inc({ reason }, count);
      },
    });
  }

  private watchPings(session: ServerHttp2Session): void {
    let [count, sinceMs] = [0, this.nowMs()];
    session.on('ping', () => {
      const nowMs = this.nowMs();
      if (nowMs - sinceMs >= this.limits.pingIntervalMs) [count, sinceMs] = [0, nowMs];
      if (++count !== this.limits.pingsMax + 1) return;
      this.report('pings', { peer: session.socket?.remoteAddress, pingsMax: this.limits.pingsMax });
      session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
  }

  private watchStream(stream: ServerHttp2Stream, path: string): void {
    const nowMs = this.nowMs();
    const watched = { path, sinceMs: nowMs, progressMs: nowMs };
    this.streams.set(stream, watched);
    // Only the end of a write tells that something was taken: the bytes that wait are as many again a moment later.
    const write = stream.write.bind(stream) as (chunk: unknown, callback: (error?: Error | null) => void) => boolean;
    stream.write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean =>
      write(chunk, (error) => {
        watched.progressMs = this.nowMs();
        const then = typeof encoding === 'function' ? encoding : callback;
        if (typeof then === 'function') (then as (error?: Error | null) => void)(error);
      });
    stream.once('close', () => this.streams.delete(stream));
  }

  private look(): void {
    const nowMs = this.nowMs();
    const { readerTimeoutMs, senderTimeoutMs, sweepIntervalMs } = this.limits;
    const lateMs = nowMs - this.lookedMs - sweepIntervalMs;
    this.lookedMs = nowMs;
    for (const [stream, watched] of this.streams) {
      // When this process itself stood still, what callers sent and took in that time is not yet known: no fault of theirs.
      if (lateMs > sweepIntervalMs / 2) {
        watched.sinceMs = Math.min(nowMs, watched.sinceMs + lateMs);
        watched.progressMs = Math.min(nowMs, watched.progressMs + lateMs);
      }
      const waiting = stream.writableLength;
      if (waiting === 0) watched.progressMs = nowMs;
      if (nowMs - watched.progressMs > readerTimeoutMs) this.cut(stream, 'slow-reader', { waitingBytes: waiting });
      else if (nowMs - watched.sinceMs > senderTimeoutMs && !stream.readableEnded && this.oneMessage(watched.path))
        this.cut(stream, 'slow-sender', {});
    }
  }

  private cut(stream: ServerHttp2Stream, offence: GrpcOffence, facts: Readonly<Record<string, unknown>>): void {
    const { session } = stream;
    const path = this.streams.get(stream)?.path;
    this.streams.delete(stream);
    this.report(offence, { peer: session?.socket?.remoteAddress, path, ...facts });
    stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    // Where not even the socket is read the reset would wait behind all the rest.
    if ((session?.socket?.writableLength ?? 0) > 0) session?.destroy();
  }

  private report(offence: GrpcOffence, facts: Readonly<Record<string, unknown>>): void {
    this.counts.set(offence, (this.counts.get(offence) ?? 0) + 1);
    const suppressed = this.rate.admit(offence, this.nowMs());
    if (suppressed !== undefined) this.log.warn({ offence, ...facts, suppressed }, 'caller cut off');
  }
}
