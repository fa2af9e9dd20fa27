import type { Socket } from 'node:net';

/** What the kernel knows of the link below one TCP connection: the fields of tcp_info that `ss -ti` prints (ss(8)). */
export interface LinkFacts {
  /** Bytes written to the socket and not acknowledged, whether they have been sent or not. */
  readonly unacknowledgedBytes: number;
  /** Payload of the largest segment. */
  readonly segmentBytes: number;
  readonly roundTripMs: number;
  /** Segments that may be in flight. */
  readonly congestionWindow: number;
  /** Bytes behind the acknowledged ones that the receiver has room for; Infinity where this kernel does not say. */
  readonly receiverWindowBytes: number;
  /**
   * The receiver rounds its window to a multiple of this, so it may seem to take back so much (RFC 7323, section 2.4).
   */
  readonly windowUnitBytes: number;
  /** Segments sent again since the connection began. */
  readonly retransmissions: number;
}

/** Key of a connection in the result of parseLinks. */
export function linkKey(address: string, port: number): string {
  return `${address.replace(/%.*$/, '')} ${port}`;
}

/**
 * Reads what `ss -tinOH` prints, a line for each connection, by linkKey of the other end. Lines of another
 * form are left out.
 */
export function parseLinks(text: string): Map<string, LinkFacts> {
  const links = new Map<string, LinkFacts>();
  for (const line of text.split('\n')) {
    const found = /^(?:[A-Z]\S* +)?\d+ +(\d+) +\S+ +(\S+):(\d+) /.exec(line);
    if (found === null) continue;
    const [, unacknowledged, address, port] = found;
    const number = (name: string): number => Number(new RegExp(` ${name}:([\\d.]+)`).exec(line)?.[1] ?? NaN);
    const segmentBytes = number('mss');
    const congestionWindow = number('cwnd');
    if (Number.isNaN(segmentBytes) || Number.isNaN(congestionWindow)) continue;
    const window = number('snd_wnd');
    links.set(linkKey(address.replace(/^\[|\]$/g, ''), Number(port)), {
      unacknowledgedBytes: Number(unacknowledged),
      segmentBytes,
      roundTripMs: number('rtt') || 0,
      congestionWindow,
      receiverWindowBytes: Number.isNaN(window) ? Infinity : window,
      windowUnitBytes: 2 ** (number('wscale') || 0),
      retransmissions: Number(/ retrans:\d+\/(\d+)/.exec(line)?.[1] ?? 0),
    });
  }
  return links;
}

/** Address and port of the other end of a socket. */
export function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
}

/**
 * Whether a connection whose input has ended was reset in truth: libuv (1.46, uv__stream_io) tells a reset
 * that it meets together with data as an end. A connection that is reset has no peer any more (getpeername
 * fails), and nobody waits for its answers; one that the client has half closed has.
 */
export function wasReset(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { _handle?: { getpeername?(out: object): number } | null };
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}
