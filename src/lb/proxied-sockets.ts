import type { Socket } from 'node:net';
import { formatHostPort } from '../common/options.js';
import { addressOf } from './link-facts.js';
import { proxyHeader } from './proxy-header.js';

/** Time for the PROXY header. A proxy sends it at once, with the first bytes of its connection. */
export const proxyHeaderTimeoutMs = 5_000;

export interface ProxiedSocketsPort {
  /** The header was read, and the next byte of the socket is the client's. */
  ready(socket: Socket): void;
  /** No header came. */
  refused(socket: Socket, why: string): void;
}

/** Reads the PROXY header of each connection, and knows the clients of those that had one. */
export class ProxiedSockets {
  /** Addresses of clients, by those of the proxy's sockets: a TLS socket has the address of the one below it. */
  private readonly clients = new Map<string, string>();
  private readonly reading = new Map<Socket, () => void>();

  constructor(private readonly port: ProxiedSocketsPort) {}

  /** Connections whose header has not come yet. */
  get size(): number {
    return this.reading.size;
  }

  /** Address and port of the client: those of the header, or of the socket where it has none. */
  peerOf(socket: Socket): string {
    const own = addressOf(socket);
    return this.clients.get(own) ?? own;
  }

  read(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    const timer = setTimeout(() => refuse(`none came within ${proxyHeaderTimeoutMs / 1000} s`), proxyHeaderTimeoutMs);
    const leave = (): void => {
      clearTimeout(timer);
      socket.off('readable', readable).off('end', ended).off('close', gone);
      this.reading.delete(socket);
    };
    const gone = (): void => {
      leave();
      socket.destroy();
    };
    /** A look whether the port is open says nothing, and is told nothing. */
    const ended = (): void => {
      if (bytes.length === 0) gone();
      else refuse(`the connection ended after ${bytes.length} bytes of it`);
    };
    const refuse = (why: string): void => {
      leave();
      this.port.refused(socket, why);
    };
    const readable = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
        bytes = Buffer.concat([bytes, chunk]);
      const result = proxyHeader(bytes);
      if (result.found === 'more') return;
      if (result.found === 'none') return refuse(result.why);
      leave();
      if (result.client !== undefined) this.remember(socket, formatHostPort(result.client));
      if (bytes.length > result.bytes) socket.unshift(bytes.subarray(result.bytes));
      this.port.ready(socket);
    };
    this.reading.set(socket, gone);
    socket.on('readable', readable);
    socket.on('end', ended);
    socket.on('close', gone);
    // A reset is a client's way to go; 'close' follows.
    socket.on('error', () => undefined);
  }

  /** Cuts off those whose header has not come. */
  close(): void {
    for (const gone of [...this.reading.values()]) gone();
  }

  private remember(socket: Socket, client: string): void {
    const own = addressOf(socket);
    this.clients.set(own, client);
    socket.on('close', () => this.clients.delete(own));
  }
}
