import type { AddressLimits } from './waiting-addresses.js';

/** Bounds on what one connection to a gRPC port may cost. Each has a default and a reason. */
export interface GrpcGuardLimits {
  /**
   * Connections at once. Some more than workersMax; an idle one costs some 50 KiB. Past it new ones are closed unheard.
   */
  readonly connectionsMax: number;
  /** A caller that takes none of the bytes waiting for it for this long is closed, as on the TCP port. */
  readonly readerTimeoutMs: number;
  /**
   * Time for the whole request of a call that has one message. Such a message is small; only a trickle takes longer.
   */
  readonly senderTimeoutMs: number;
  /**
   * PING frames of a connection in one interval during which the server wrote nothing to it: ten times what the
   * keepalive of any client sends. Those that answer what the server wrote are not counted (gRFC A8): libraries measure
   * the link with one for each message that they receive.
   */
  readonly pingsMax: number;
  readonly pingIntervalMs: number;
  /**
   * Calls that a connection may reset at once, and in the long run each second. A client that gives up each
   * of 256 calls after a quarter of a second resets 1,000 a second; a reset costs as much as a call.
   */
  readonly resetsMax: number;
  readonly resetsPerSecond: number;
  /**
   * Time for the calls of a connection that is cut off to end: longer than a job takes, and as the grace of a drain.
   */
  readonly graceMs: number;
  /** PING frames in that time, after which it is over: 0.2 s of one core, less than as many bytes of calls cost. */
  readonly gracePingsMax: number;
  /**
   * Time for the caller to read why it is cut off; closing at once would reset the connection and take that with it.
   */
  readonly lingerMs: number;
  /**
   * Connections at once whose caller is not known, handshakes included, where something is asked: an honest one needs
   * some milliseconds to show its credentials. Past it the oldest goes. With their calls they cost some 25 MiB.
   */
  readonly anonymousMax: number;
  /** Calls at once on such a connection; others wait at the client. A probe has one. */
  readonly anonymousCallsAtOnceMax: number;
  /** Calls of such a connection at once and each second in the long run: ten times a probe that asks twice a second. */
  readonly anonymousCallsMax: number;
  readonly anonymousCallsPerSecond: number;
  /** Watches of health at once on it: a client that watches the whole server and each of its services. */
  readonly anonymousWatchesMax: number;
  /**
   * Calls of it that may be refused at once, and each second in the long run: for their credentials, or as
   * watches beyond the bound. A client that has none is told so by the first; one that tries again waits in
   * between.
   */
  readonly anonymousRefusedMax: number;
  readonly anonymousRefusedPerSecond: number;
  /** For addresses whose connections without credentials are cut off again and again. */
  readonly anonymousAddress: AddressLimits;
  /** Bytes of a request on it. Health/Check has the name of a service. */
  readonly anonymousRequestBytesMax: number;
  /**
   * Time without a call, and in all, after which such a connection is asked to go; its client dials again if it must.
   */
  readonly anonymousIdleMs: number;
  readonly anonymousLifetimeMs: number;
  /** Time between two looks at the open calls. */
  readonly sweepIntervalMs: number;
}

export const grpcGuardLimitsDefault: GrpcGuardLimits = {
  connectionsMax: 16_384,
  readerTimeoutMs: 30_000,
  senderTimeoutMs: 30_000,
  pingsMax: 100,
  pingIntervalMs: 10_000,
  resetsMax: 10_000,
  resetsPerSecond: 1_000,
  graceMs: 10_000,
  gracePingsMax: 100_000,
  lingerMs: 1_000,
  anonymousMax: 128,
  anonymousCallsAtOnceMax: 8,
  anonymousCallsMax: 100,
  anonymousCallsPerSecond: 20,
  anonymousWatchesMax: 4,
  anonymousRefusedMax: 10,
  anonymousRefusedPerSecond: 1,
  anonymousAddress: {
    offencesMax: 10,
    offencesPerSecond: 0.1,
    waitsMs: 10_000,
    connectionsPerSecond: 20,
    turnMsMax: 5_000,
  },
  anonymousRequestBytesMax: 16 * 1024,
  anonymousIdleMs: 60_000,
  anonymousLifetimeMs: 300_000,
  sweepIntervalMs: 1_000,
};

/** nghttp2's bound on resets where Node cannot set it. It ends the connection with all its calls. */
export const resetsMaxUnset = { burst: 1_000, perSecond: 33 } as const;
