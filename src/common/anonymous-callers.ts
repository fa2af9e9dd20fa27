import * as grpc from '@grpc/grpc-js';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { CallRefusal } from './call-admission.js';
import type { GrpcCaller } from './grpc-caller.js';
import type { GrpcGuardLimits } from './grpc-guard-limits.js';
import { tooManyWatches, watchPath } from './health.js';
import { callsPerConnectionMax } from './limits.js';
import { Newcomers } from './newcomers.js';
import { TokenBucket } from './rate-limit.js';
import type { RefusalReason } from './trust/refusals.js';
import { WaitingAddresses } from './waiting-addresses.js';

/** What a port asks of those who dial: a handshake by which TLS knows them, a token with their calls, or both. */
export interface Asked {
  readonly tls: boolean;
  readonly token: boolean;
  /** Whether a method is open to callers without credentials. */
  isOpen(method: string): boolean;
  /** Why a call that begins shows no valid credentials; null: it does. */
  whyUnknown(headers: IncomingHttpHeaders, socket: Socket): RefusalReason | null;
  /** Counts and logs a call that is refused for its credentials. @returns what it is answered */
  refuse(reason: RefusalReason, facts: Readonly<Record<string, unknown>>): CallRefusal;
}

const tooMany: CallRefusal = {
  code: grpc.status.RESOURCE_EXHAUSTED,
  details: 'TOO_MANY_CALLS: this connection has shown no credentials: ask less often, or show them',
};

/** A connection whose caller is not known yet. */
interface Anonymous {
  readonly sinceMs: number;
  /** When it was last seen with a call. */
  busyMs: number;
  readonly calls: TokenBucket;
  readonly refused: TokenBucket;
  /** Watches of health that are open. */
  watches: number;
  /** The connection below TLS. */
  readonly socket: Socket;
  /** Null until HTTP/2 begins. */
  caller: GrpcCaller | null;
  retired: boolean;
}

/**
 * The connections of a gRPC port that have shown no credentials: few of them, with few calls each, and for a
 * while. They take nothing from those that are known, and a newcomer gets in however many are held open.
 */
export class AnonymousCallers {
  /** By `address:port`, as grpc-js names peers. */
  private readonly all = new Map<string, Anonymous>();
  private readonly newcomers: Newcomers<Anonymous>;

  private readonly addresses: WaitingAddresses;

  /** @param turnedAway is told of each that had to go for a newer one, or whose address has too many that wait */
  constructor(
    private readonly asked: Asked,
    private readonly limits: GrpcGuardLimits,
    private readonly turnedAway: (why: 'anonymous' | 'anonymous-address', peer?: string) => void,
  ) {
    this.addresses = new WaitingAddresses(limits.anonymousAddress);
    this.newcomers = new Newcomers(limits.anonymousMax, (oldest) => {
      this.turnedAway('anonymous');
      if (oldest.caller === null) oldest.socket.destroy();
      else oldest.caller.destroy();
    });
  }

  get size(): number {
    return this.newcomers.size;
  }

  /** A connection comes to a server, before TLS and HTTP/2. @param begin lets it go on */
  arrived(socket: Socket, nowMs: number, begin: () => void): void {
    const { remoteAddress = '' } = socket;
    const waitMs = this.addresses.turn(remoteAddress, nowMs);
    if (waitMs === null) {
      socket.destroy();
      return this.turnedAway('anonymous-address', remoteAddress);
    }
    this.add(socket, nowMs);
    if (waitMs === 0) return begin();
    socket.on('error', () => undefined);
    setTimeout(() => {
      if (!socket.destroyed) begin();
    }, waitMs).unref();
  }

  /** HTTP/2 begins on a connection. */
  opened({ socket }: ServerHttp2Session, caller: GrpcCaller): void {
    const one = this.all.get(addressOf(socket));
    if (!this.asked.token) this.identified(addressOf(socket));
    else if (one !== undefined) one.caller = caller;
  }

  private add(socket: Socket, nowMs: number): void {
    const { anonymousCallsMax, anonymousCallsPerSecond, anonymousRefusedMax, anonymousRefusedPerSecond } = this.limits;
    const calls = new TokenBucket(anonymousCallsMax, anonymousCallsPerSecond, nowMs);
    const refused = new TokenBucket(anonymousRefusedMax, anonymousRefusedPerSecond, nowMs);
    const times = { sinceMs: nowMs, busyMs: nowMs };
    const one: Anonymous = { ...times, calls, refused, socket, caller: null, watches: 0, retired: false };
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

  /**
   * A call begins on any connection. @returns null: it is let in; else what it is answered, before anything
   * is made of it
   */
  called(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, nowMs: number): CallRefusal | null {
    const socket = stream.session?.socket as Socket | undefined;
    const peer = socket && addressOf(socket);
    const one = peer && this.all.get(peer);
    if (!one) return null;
    const reason = this.asked.whyUnknown(headers, socket);
    if (reason === null) {
      this.identified(peer);
      return null;
    }
    one.busyMs = nowMs;
    const method = String(headers[':path'] ?? '');
    const open = this.asked.isOpen(method);
    const refusal = open ? this.whyNotOpen(one, method) : this.asked.refuse(reason, { peer, method });
    const tooOften = one.calls.take(nowMs) > one.calls.burst;
    if (tooOften || (refusal !== null && one.refused.take(nowMs) > one.refused.burst)) {
      this.dismiss(one, nowMs);
      return refusal ?? tooMany;
    }
    if (refusal === null && method === watchPath) {
      one.watches++;
      stream.once('close', () => one.watches--);
    }
    return refusal;
  }

  private dismiss({ caller, socket }: Anonymous, nowMs: number): void {
    if (caller?.dismiss('anonymous-calls') === true) this.addresses.offended(socket.remoteAddress ?? '', nowMs);
  }

  private whyNotOpen({ watches }: Anonymous, method: string): CallRefusal | null {
    if (method !== watchPath || watches < this.limits.anonymousWatchesMax) return null;
    const details = tooManyWatches(`this connection, which has shown no credentials, watches ${watches} services`);
    return { code: grpc.status.RESOURCE_EXHAUSTED, details };
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
      if (overMs > graceMs) one.caller.destroy();
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
