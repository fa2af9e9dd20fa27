import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { GrpcCaller } from './grpc-caller.js';
import type { GrpcGuardLimits } from './grpc-guard-limits.js';
import { callsPerConnectionMax } from './limits.js';
import { Newcomers } from './newcomers.js';
import { TokenBucket } from './token-bucket.js';

/** What a port asks of those who dial: a handshake by which TLS knows them, a token with their calls, or both. */
export interface Asked {
  readonly tls: boolean;
  readonly token: boolean;
}

/** A connection whose caller is not known yet. */
interface Anonymous {
  readonly sinceMs: number;
  /** When it was last seen with a call. */
  busyMs: number;
  readonly calls: TokenBucket;
  /** Null during the handshake. */
  caller: GrpcCaller | null;
  retired: boolean;
  close(): void;
}

/**
 * The connections of a gRPC port that have shown no credentials: few of them, with few calls each, and for a while. They
 * take nothing from those that are known, and a newcomer gets in however many are held open.
 */
export class AnonymousCallers {
  /** By `address:port`, as grpc-js names peers. */
  private readonly all = new Map<string, Anonymous>();
  private readonly newcomers: Newcomers<Anonymous>;

  /** @param dismissed is told of each that had to go for a newer one */
  constructor(
    private readonly asked: Asked,
    private readonly limits: GrpcGuardLimits,
    dismissed: () => void,
  ) {
    this.newcomers = new Newcomers(limits.anonymousMax, (oldest) => {
      dismissed();
      oldest.close();
    });
  }

  get size(): number {
    return this.newcomers.size;
  }

  /** A server that is bound; only the handshakes of TLS need to be seen from here. */
  watch(server: Http2Server, nowMs: () => number): void {
    if (!this.asked.tls) return;
    server.on('connection', (socket: Socket) => this.add(socket, null, nowMs(), () => socket.destroy()));
  }

  /** HTTP/2 begins on a connection. */
  opened(session: ServerHttp2Session, caller: GrpcCaller, nowMs: number): void {
    const { socket } = session;
    const known = this.all.get(addressOf(socket));
    if (!this.asked.token) return this.identified(addressOf(socket));
    if (known === undefined) this.add(socket as Socket, caller, nowMs, () => caller.destroy());
    else known.caller = caller;
  }

  private add(socket: Socket, caller: GrpcCaller | null, nowMs: number, close: () => void): void {
    const { anonymousCallsMax, anonymousCallsPerSecond } = this.limits;
    const calls = new TokenBucket(anonymousCallsMax, anonymousCallsPerSecond, nowMs);
    const one: Anonymous = { sinceMs: nowMs, busyMs: nowMs, calls, caller, retired: false, close };
    const peer = addressOf(socket);
    this.all.set(peer, one);
    this.newcomers.add(one);
    socket.once('close', () => {
      this.newcomers.delete(one);
      if (this.all.get(peer) === one) this.all.delete(peer);
    });
  }

  has(peer: string): boolean {
    return this.all.has(peer);
  }

  /** A call begins. @returns whether it is one too many */
  called(peer: string, nowMs: number): boolean {
    const one = this.all.get(peer);
    if (one === undefined) return false;
    one.busyMs = nowMs;
    return one.calls.take(nowMs) > one.calls.burst;
  }

  /** Valid credentials came with a call, or with the handshake. */
  identified(peer: string): void {
    const one = this.all.get(peer);
    if (one === undefined) return;
    this.all.delete(peer);
    this.newcomers.delete(one);
    if (this.asked.token) one.caller?.allowCalls(callsPerConnectionMax);
  }

  /** Asks those to go that are idle or have been here for long, and closes those that did not. */
  sweep(nowMs: number): void {
    const { anonymousIdleMs, anonymousLifetimeMs, graceMs } = this.limits;
    for (const one of this.all.values()) {
      if (one.caller === null) continue;
      if (one.caller.calls > 0) one.busyMs = nowMs;
      const overMs = Math.max(nowMs - one.busyMs - anonymousIdleMs, nowMs - one.sinceMs - anonymousLifetimeMs);
      if (overMs > graceMs) one.close();
      else if (overMs > 0 && !one.retired) {
        one.retired = true;
        one.caller.retire();
      }
    }
  }
}

function addressOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress}:${remotePort}`;
}
