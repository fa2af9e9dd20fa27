import { createSocket } from 'node:dgram';
import { decodeResult, encodeNumber, type Result } from './protocol.js';

export interface RequestOptions {
  /** Silence beyond the sleep before the job is sent again; doubled each time, since the job may wait in the queue. */
  readonly retryMs: number;
  /** Times that a job is sent. */
  readonly tries: number;
}

export interface Answer extends Result {
  /** From the first send to the answer. */
  readonly tookMs: number;
  /** Times that it was sent. */
  readonly sends: number;
}

/**
 * One job, from a socket of its own: an answer carries no number, so the port is what tells whose it is. Resolves with
 * nothing when every try went unanswered or `signal` ended it.
 */
export function requestJob(
  lb: { readonly address: string; readonly port: number },
  sleepMs: number,
  { retryMs, tries }: RequestOptions,
  signal?: AbortSignal,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const startMs = performance.now();
    let sends = 0;
    let timer: NodeJS.Timeout | undefined;
    const end = (answer?: Answer): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      socket.close();
      resolve(answer);
    };
    const giveUp = (): void => end();
    const send = (): void => {
      if (sends === tries) return end();
      // A failed send is like a lost one: the next try comes in time.
      socket.send(encodeNumber(sleepMs), () => undefined);
      // A timer of Node holds 31 bits of milliseconds.
      timer = setTimeout(send, Math.min(sleepMs + retryMs * 2 ** sends, 2 ** 31 - 1));
      sends++;
    };
    // Refusals (ICMP) while no balancer is attached: the job is sent again like a lost one.
    socket.on('error', () => undefined);
    socket.on('message', (datagram) => {
      const result = decodeResult(datagram);
      if (result !== undefined && result.sleepMs === sleepMs)
        end({ ...result, tookMs: performance.now() - startMs, sends });
    });
    socket.connect(lb.port, lb.address, () => {
      if (signal?.aborted) return end();
      signal?.addEventListener('abort', giveUp);
      send();
    });
  });
}
