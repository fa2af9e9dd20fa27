import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { decodeJob, encodeHello, encodeResult, heartbeatIntervalMs, isHandlePort } from './protocol.js';
import type { SleeperPool } from './sleeper-pool.js';

/** What a server tells its caller, for logs and tests. */
export interface JobServerEvents {
  started(sleepMs: number): void;
  finished(sleepMs: number, thread: number): void;
  /** A job came though all threads are at work: the balancer runs it again elsewhere. */
  refused(sleepMs: number): void;
  /** A datagram that is no job, or not from the balancer. */
  ignored(from: string): void;
  failed(error: Error): void;
}

/**
 * Lab B's server: announces the size of its pool in one byte, runs the jobs that come back, answers each to
 * the address it came from. The byte goes out at start, after every result, on a job while another thread is
 * free, and every 250 ms.
 */
export class JobServer {
  private readonly socket: Socket = createSocket('udp4');
  private heartbeat: NodeJS.Timeout | undefined;
  private leaving = false;
  private waiter: (() => void) | undefined;

  constructor(
    private readonly lb: { readonly address: string; readonly port: number },
    private readonly pool: SleeperPool,
    private readonly events: JobServerEvents,
  ) {
    this.socket.on('message', (datagram, from) => this.receive(datagram, from));
    // Refusals (ICMP) tell that the balancer is not there yet; the next heartbeat tries again.
    this.socket.on('error', (error) => this.events.failed(error));
  }

  async start(): Promise<AddressInfo> {
    await new Promise<void>((resolve) => this.socket.bind(0, resolve));
    await this.announce();
    this.heartbeat = setInterval(() => void this.announce(), heartbeatIntervalMs);
    return this.socket.address();
  }

  /** Says goodbye, lets the running jobs end (for so long at most), and closes. */
  async drain(graceMs: number): Promise<void> {
    this.leaving = true;
    await this.announce();
    if (this.pool.busy > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        this.waiter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    await this.close();
  }

  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    if (this.leaving) await this.announce();
    await new Promise<void>((resolve) => this.socket.close(resolve));
  }

  private announce(): Promise<void> {
    return this.send(encodeHello(this.leaving ? 0 : this.pool.threads), this.lb.address, this.lb.port);
  }

  /** Resolves when the datagram is in the kernel's hands: a socket that is closed earlier drops it. */
  private send(bytes: Buffer, address: string, port: number): Promise<void> {
    return new Promise((resolve) => {
      this.socket.send(bytes, port, address, (error) => {
        // A lost datagram is the protocol's daily bread; it is said, and the balancer's timer sees to the rest.
        if (error !== null) this.events.failed(error);
        resolve();
      });
    });
  }

  private receive(datagram: Buffer, from: { address: string; port: number }): void {
    const sleepMs = decodeJob(datagram);
    if (sleepMs === undefined || from.address !== this.lb.address || !isHandlePort(from.port)) {
      this.events.ignored(`${from.address}:${from.port}`);
      return;
    }
    const accepted = this.pool.start(sleepMs, (thread) => {
      void this.send(encodeResult({ sleepMs, thread }), from.address, from.port);
      void this.announce();
      this.events.finished(sleepMs, thread);
      if (this.leaving && this.pool.busy === 0) this.waiter?.();
    });
    if (!accepted) {
      this.events.refused(sleepMs);
      return;
    }
    this.events.started(sleepMs);
    // Without this a server with many idle threads and a full queue would get one job a heartbeat.
    if (this.pool.free > 0) void this.announce();
  }
}
