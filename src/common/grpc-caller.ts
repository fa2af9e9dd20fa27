import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { GrpcGuardLimits } from './grpc-guard-limits.js';
import { TokenBucket } from './rate-limit.js';

/** Why a connection is cut off. */
export type CallerOffence = 'pings' | 'resets' | 'anonymous-calls';

/** What is kept of how near callers come to their bounds. Each word is a label of trireme_grpc_peaks. */
export type Bound = 'pings' | 'resets' | 'connections' | 'reader-ms';

/** What a caller tells of itself to the guard that holds it. */
export interface CallerPort {
  readonly limits: GrpcGuardLimits;
  nowMs(): number;
  /** The caller is being cut off. */
  offence(offence: CallerOffence, caller: GrpcCaller): void;
  /** The highest count that any caller reached of a bound is kept. */
  reached(bound: Bound, count: number): void;
  /** A PING came, whether it counts or not. */
  pinged(): void;
}

/** Why, in the debug data of GOAWAY. Clients look for the first (gRFC A8), and ping less often from then on. */
const said: Readonly<Record<CallerOffence, string>> = {
  pings: 'too_many_pings',
  resets: 'too_many_resets',
  'anonymous-calls': 'too_many_calls_without_credentials',
};

/** A PING acknowledged: 9 bytes of head and 8 of payload (RFC 9113, 6.7). */
const pingAckBytes = 17;
/** The server has written more than answers to PING and SETTINGS, so it has written DATA. */
const writtenBytesMin = 1024;
/** nghttp2 ends a connection at 1,000 answers that are not written; none is while what came in one read is taken. */
const pingsPerReadMax = 900;
/** Our own bound on resets leaves so many of nghttp2's: as many as there can be calls under way, and some. */
const resetsSpare = 300;

/** One HTTP/2 connection of a gRPC port: what it has spent of its bounds, and how it is told to go. */
export class GrpcCaller {
  private pings = 0;
  private sinceMs: number;
  private writtenBytes = 0;
  private readonly resets: TokenBucket;
  private readonly unsetResets: TokenBucket | null;
  private readonly open = new Set<ServerHttp2Stream>();
  private offence: CallerOffence | null = null;
  private pingsSinceOffence = 0;
  private pingsOfRead = 0;
  private timer: NodeJS.Timeout | undefined;
  private leaving = false;
  private retired = false;

  /** @param unset nghttp2's own bound on resets, where it cannot be set; null: it stands above `limits` */
  constructor(
    private readonly session: ServerHttp2Session,
    private readonly port: CallerPort,
    unset: { readonly burst: number; readonly perSecond: number } | null,
  ) {
    const { resetsMax, resetsPerSecond } = port.limits;
    const nowMs = (this.sinceMs = port.nowMs());
    this.resets = new TokenBucket(resetsMax, resetsPerSecond, nowMs);
    this.unsetResets = unset && new TokenBucket(unset.burst - resetsSpare, unset.perSecond, nowMs);
    session.on('ping', this.pinged);
    session.once('close', () => clearTimeout(this.timer));
  }

  /** Calls under way. */
  get calls(): number {
    return this.open.size;
  }

  get peer(): string | undefined {
    return this.session.socket?.remoteAddress;
  }

  /** The server writes HEADERS or DATA to it. */
  wrote(): void {
    this.pings = 0;
  }

  opened(stream: ServerHttp2Stream): void {
    this.open.add(stream);
  }

  closed(stream: ServerHttp2Stream): void {
    this.open.delete(stream);
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.wasReset();
    if (this.offence !== null && this.open.size === 0) this.sayGoodbye(this.offence);
  }

  private readonly pinged = (): void => {
    this.port.pinged();
    if (this.offence !== null) return this.pingedInGrace(this.offence);
    const { pingsMax, pingIntervalMs } = this.port.limits;
    const nowMs = this.port.nowMs();
    // One write of ours may be a thousand DATA frames: those show in what the socket was given beside our answers.
    const written = this.session.socket?.bytesWritten ?? 0;
    const answers = this.pings * pingAckBytes + writtenBytesMin;
    if (this.pings === 0 || nowMs - this.sinceMs >= pingIntervalMs || written - this.writtenBytes > answers) {
      this.pings = 0;
      this.sinceMs = nowMs;
      this.writtenBytes = written;
    }
    this.port.reached('pings', ++this.pings);
    if (this.pings > pingsMax) this.cutOff('pings');
  };

  private pingedInGrace(offence: CallerOffence): void {
    if (this.pingsOfRead++ === 0) setImmediate(() => (this.pingsOfRead = 0));
    if (++this.pingsSinceOffence > this.port.limits.gracePingsMax || this.pingsOfRead > pingsPerReadMax)
      this.sayGoodbye(offence);
  }

  private wasReset(): void {
    if (this.offence !== null) return;
    const nowMs = this.port.nowMs();
    const used = this.resets.take(nowMs);
    this.port.reached('resets', Math.round(used));
    if (used > this.resets.burst) this.cutOff('resets');
    else if (this.unsetResets !== null && this.unsetResets.take(nowMs) > this.unsetResets.burst) this.retire();
  }

  /** So many calls at once may be open from now on. */
  allowCalls(maxConcurrentStreams: number): void {
    if (!this.session.destroyed && !this.session.closed) this.session.settings({ maxConcurrentStreams });
  }

  /** The client is asked to go on over another connection, and its calls end on this one. */
  retire(): void {
    if (this.retired) return;
    this.retired = true;
    this.session.close();
  }

  /** Tells the caller why it must go, and closes; its calls end at once. @returns false: it is going already */
  dismiss(offence: CallerOffence): boolean {
    if (this.offence !== null) return false;
    this.offence = offence;
    this.port.offence(offence, this);
    this.sayGoodbye(offence);
    return true;
  }

  destroy(): void {
    this.session.destroy();
  }

  /** Lets the calls under way end for a while, then tells the caller why it must go, and closes. */
  private cutOff(offence: CallerOffence): void {
    this.offence = offence;
    this.port.offence(offence, this);
    // A client may drop its calls as soon as it is told.
    if (this.open.size === 0) this.sayGoodbye(offence);
    else this.timer = setTimeout(() => this.sayGoodbye(offence), this.port.limits.graceMs).unref();
  }

  private sayGoodbye(offence: CallerOffence): void {
    const { session } = this;
    if (this.leaving || session.destroyed) return;
    this.leaving = true;
    clearTimeout(this.timer);
    session.off('ping', this.pinged);
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(said[offence]));
    // Undefined instead of null would make the code 0 (NO_ERROR).
    const destroy = (): void => session.destroy(null as never, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.timer = setTimeout(destroy, this.port.limits.lingerMs).unref();
  }
}
