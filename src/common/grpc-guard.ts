import type * as grpc from '@grpc/grpc-js';
import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { Counter, Gauge, type Registry } from 'prom-client';
import { AnonymousCallers, type Asked } from './anonymous-callers.js';
import { admitCalls, admitConnections, refuseCall } from './call-admission.js';
import type { Logger } from './logging.js';
import { Offences } from './offences.js';
import { GrpcCaller, type Bound, type CallerOffence, type CallerPort } from './grpc-caller.js';
import { grpcGuardLimitsDefault, resetsMaxUnset, type GrpcGuardLimits } from './grpc-guard-limits.js';

/** Why a caller was cut off. Each word is a label of trireme_grpc_offences_total. */
export type GrpcOffence =
  'connections' | 'slow-reader' | 'slow-sender' | 'anonymous' | 'anonymous-address' | 'anonymous-bytes' | CallerOffence;

/** A call under way. */
interface Watched {
  readonly path: string;
  sinceMs: number;
  /** When the caller last took a message. */
  progressMs: number;
}

/** Whether this Node can set nghttp2's bound on resets: since 22.10 and 23.0. Pass process.versions.node. */
export function setsResets(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 10);
}

/**
 * Watches the HTTP/2 connections of a gRPC server for what gRPC itself lets pass: callers that do not read, requests
 * that never end, floods of PING and of resets. Floods of settings and frames are cut off by Node, message sizes and
 * calls at once by gRPC.
 */
export class GrpcGuard implements CallerPort {
  readonly offences: Offences<GrpcOffence>;
  /** Connections without credentials, where something is asked. */
  readonly anonymous: AnonymousCallers | null;
  private readonly peaks = new Map<Bound, number>();
  private pings = 0;
  private connections = 0;
  private readonly callers = new WeakMap<object, GrpcCaller>();
  private readonly streams = new Map<ServerHttp2Stream, Watched>();
  private readonly sweep: NodeJS.Timeout;
  private lookedMs: number;

  /**
   * @param oneMessage says whether the method of this path takes one message, from its `/package.Service/Method`
   * @param asked what callers must show; null: nothing
   */
  constructor(
    private readonly oneMessage: (path: string) => boolean,
    log: Logger,
    asked: Asked | null,
    readonly limits: GrpcGuardLimits = grpcGuardLimitsDefault,
    readonly nowMs: () => number = () => performance.now(),
    private readonly nodeVersion: string = process.versions.node,
  ) {
    this.offences = new Offences(log, 'caller cut off', nowMs);
    const { anonymousMax, anonymousAddress } = limits;
    const bounds = { anonymous: { anonymousMax }, 'anonymous-address': anonymousAddress };
    this.anonymous =
      asked && new AnonymousCallers(asked, limits, (why, peer) => this.offences.report(why, { peer, ...bounds[why] }));
    this.lookedMs = nowMs();
    this.sweep = setInterval(() => this.look(), limits.sweepIntervalMs);
    this.sweep.unref();
  }

  /**
   * Sets what a server is made with that grpc-js has no option for; call before binding. nghttp2 ends a connection with
   * all its calls at its own bound on resets; ours comes first, so that it is said why and calls end.
   */
  prepare(server: grpc.Server): void {
    const { resetsMax, resetsPerSecond } = this.limits;
    Object.assign(server['commonServerOptions'] as object, {
      streamResetBurst: 2 * resetsMax,
      streamResetRate: 2 * resetsPerSecond,
    });
  }

  /** Watches a server that is bound. grpc-js does not pass its connections on, so its servers are listened to. */
  watch(server: grpc.Server): void {
    const servers = server['http2Servers'] as ReadonlyMap<Http2Server, unknown>;
    for (const each of servers.keys()) {
      each.maxConnections = this.limits.connectionsMax + (this.anonymous === null ? 0 : this.limits.anonymousMax);
      const { anonymous } = this;
      if (anonymous !== null) admitConnections(each, (socket, begin) => anonymous.arrived(socket, this.nowMs(), begin));
      each.on('drop', (dropped?: { remoteAddress?: string }) => {
        this.offences.report('connections', {
          peer: dropped?.remoteAddress,
          connectionsMax: this.limits.connectionsMax,
        });
      });
      each.on('session', (session) => this.watchSession(session));
      each.on('stream', (stream, headers) => this.watchStream(stream, String(headers[':path'] ?? '')));
      admitCalls(each, (stream, headers) => this.admits(stream, headers));
    }
  }

  close(): void {
    clearInterval(this.sweep);
  }

  addMetrics(registry: Registry): void {
    const { peaks, anonymous } = this;
    new Gauge({
      name: 'trireme_grpc_anonymous_connections',
      help: 'gRPC connections that have shown no credentials yet, where some are asked for; handshakes included',
      registers: [registry],
      collect() {
        this.set(anonymous?.size ?? 0);
      },
    });
    const pings = (): number => this.pings;
    new Counter({
      name: 'trireme_grpc_pings_total',
      help: 'PING frames that gRPC callers sent',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(pings());
      },
    });
    new Gauge({
      name: 'trireme_grpc_peaks',
      help: 'Nearest that gRPC callers came to their bounds: PINGs while nothing was written, resets, connections, ms unread',
      labelNames: ['bound'],
      registers: [registry],
      collect() {
        for (const [bound, count] of peaks) this.set({ bound }, count);
      },
    });
    this.offences.addMetric(registry, 'trireme_grpc_offences_total', 'gRPC callers cut off, by reason');
  }

  offence(offence: CallerOffence, { peer }: GrpcCaller): void {
    const { pingsMax, resetsMax, resetsPerSecond } = this.limits;
    const { anonymousCallsMax, anonymousCallsPerSecond, anonymousRefusedMax } = this.limits;
    const bounds = {
      pings: { pingsMax },
      resets: { resetsMax, resetsPerSecond },
      'anonymous-calls': { anonymousCallsMax, anonymousCallsPerSecond, anonymousRefusedMax },
    };
    this.offences.report(offence, { peer, ...bounds[offence] });
  }

  reached(bound: Bound, count: number): void {
    if (count > (this.peaks.get(bound) ?? 0)) this.peaks.set(bound, count);
  }

  pinged(): void {
    this.pings++;
  }

  private watchSession(session: ServerHttp2Session): void {
    const unset = setsResets(this.nodeVersion) ? null : resetsMaxUnset;
    const caller = new GrpcCaller(session, this, unset);
    this.callers.set(session, caller);
    this.reached('connections', ++this.connections);
    session.once('close', () => this.connections--);
    this.anonymous?.opened(session, caller);
  }

  private admits(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const refusal = this.anonymous?.called(stream, headers, this.nowMs()) ?? null;
    if (refusal !== null) refuseCall(stream, refusal);
    return refusal === null;
  }

  private watchStream(stream: ServerHttp2Stream, path: string): void {
    const nowMs = this.nowMs();
    const watched = { path, sinceMs: nowMs, progressMs: nowMs };
    this.streams.set(stream, watched);
    const caller = stream.session === undefined ? undefined : this.callers.get(stream.session);
    caller?.opened(stream);
    if (this.anonymous !== null) this.watchAnonymous(stream, this.anonymous);
    // What gRPC refuses at once it has answered already.
    if (stream.headersSent) caller?.wrote();
    const respond = stream.respond.bind(stream);
    stream.respond = (...args) => {
      caller?.wrote();
      respond(...args);
    };
    // Only the end of a write tells that something was taken: the bytes that wait are as many again a moment later.
    const write = stream.write.bind(stream) as (chunk: unknown, callback: (error?: Error | null) => void) => boolean;
    stream.write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
      caller?.wrote();
      return write(chunk, (error) => {
        watched.progressMs = this.nowMs();
        const then = typeof encoding === 'function' ? encoding : callback;
        if (typeof then === 'function') (then as (error?: Error | null) => void)(error);
      });
    };
    stream.once('close', () => {
      this.streams.delete(stream);
      caller?.closed(stream);
    });
  }

  private watchAnonymous(stream: ServerHttp2Stream, anonymous: AnonymousCallers): void {
    const { socket } = stream.session ?? {};
    const peer = `${socket?.remoteAddress}:${socket?.remotePort}`;
    if (!anonymous.has(peer)) return;
    const { anonymousRequestBytesMax } = this.limits;
    let bytes = 0;
    stream.on('data', (data: Buffer) => {
      bytes += data.length;
      if (bytes <= anonymousRequestBytesMax || !anonymous.has(peer)) return;
      this.cut(stream, 'anonymous-bytes', { anonymousRequestBytesMax });
    });
  }

  private look(): void {
    const nowMs = this.nowMs();
    this.anonymous?.sweep(nowMs);
    const { readerTimeoutMs, senderTimeoutMs, sweepIntervalMs } = this.limits;
    const lateMs = nowMs - this.lookedMs - sweepIntervalMs;
    this.lookedMs = nowMs;
    for (const [stream, watched] of this.streams) {
      // When this process itself stood still, what callers sent and took in that time is not yet known: no
      // fault of theirs.
      if (lateMs > sweepIntervalMs / 2) {
        watched.sinceMs = Math.min(nowMs, watched.sinceMs + lateMs);
        watched.progressMs = Math.min(nowMs, watched.progressMs + lateMs);
      }
      const waiting = stream.writableLength;
      if (waiting === 0) watched.progressMs = nowMs;
      this.reached('reader-ms', Math.round(nowMs - watched.progressMs));
      if (nowMs - watched.progressMs > readerTimeoutMs) this.cut(stream, 'slow-reader', { waitingBytes: waiting });
      else if (nowMs - watched.sinceMs > senderTimeoutMs && !stream.readableEnded && this.oneMessage(watched.path))
        this.cut(stream, 'slow-sender', {});
    }
  }

  private cut(stream: ServerHttp2Stream, offence: GrpcOffence, facts: Readonly<Record<string, unknown>>): void {
    const { session } = stream;
    const path = this.streams.get(stream)?.path;
    this.streams.delete(stream);
    this.offences.report(offence, { peer: session?.socket?.remoteAddress, path, ...facts });
    stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    // Where not even the socket is read the reset would wait behind all the rest.
    if ((session?.socket?.writableLength ?? 0) > 0) session?.destroy();
  }
}
