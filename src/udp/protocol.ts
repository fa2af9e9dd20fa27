/** The datagrams of the labs. Numbers are little-endian u32, whatever the machine. */

/** Lab A: the number that the filter judges. */
export const numberBytes = 4;

/** Lab B: a server sends its heartbeat so often; the balancer takes a second of silence for death. */
export const heartbeatIntervalMs = 250;

/** Lab B: ports from which the balancer hands out jobs; the port is the handle that the result goes back to. */
export const handlePorts = { first: 16_384, last: 32_767 } as const;

/** Lab B: the pool size is one byte, and 0 means leaving. */
export const threadsMax = 255;

/** Longest sleep that fits a job. */
export const sleepMsMax = 0xffff_ffff;

export function encodeNumber(number: number): Buffer {
  const bytes = Buffer.alloc(numberBytes);
  bytes.writeUInt32LE(number >>> 0);
  return bytes;
}

/** The number at the start of a datagram; nothing when it is too short for one. */
export function decodeNumber(datagram: Buffer): number | undefined {
  return datagram.length < numberBytes ? undefined : datagram.readUInt32LE();
}

export function encodeHello(threads: number): Buffer {
  return Buffer.of(threads);
}

export interface Result {
  readonly sleepMs: number;
  readonly thread: number;
}

export function encodeResult({ sleepMs, thread }: Result): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(sleepMs, 0);
  bytes.writeUInt32LE(thread, 4);
  return bytes;
}

export function decodeResult(datagram: Buffer): Result | undefined {
  return datagram.length === 8 ? { sleepMs: datagram.readUInt32LE(0), thread: datagram.readUInt32LE(4) } : undefined;
}

/** The sleep of a job; nothing for a datagram of another length. */
export function decodeJob(datagram: Buffer): number | undefined {
  return datagram.length === 4 ? datagram.readUInt32LE() : undefined;
}

export function isHandlePort(port: number): boolean {
  return port >= handlePorts.first && port <= handlePorts.last;
}
