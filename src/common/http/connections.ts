import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Counter, type Registry } from 'prom-client';
import { Newcomers } from '../newcomers.js';

/** How many connections of an HTTP port may do what. */
export interface ConnectionBounds {
  /** Connections without a request under way. */
  readonly idleConnectionsMax: number;
  /** Requests that are being answered, those aside that have a bound of their own. */
  readonly requestsMax: number;
}

/**
 * Bounds the connections of an HTTP port, so that a flood takes neither the descriptors of the job clients nor the
 * answers of others: who comes gets in, and the one that has been idle the longest goes.
 */
export class HttpConnections {
  private readonly idle: Newcomers<Socket>;
  private readonly answering: Newcomers<ServerResponse>;
  private readonly requestsOf = new WeakMap<Socket, number>();
  /** The sockets below TLS, by the client's address. */
  private readonly below = new Map<string, Socket>();
  private readonly dropped = new Map<'idle' | 'request', number>();

  constructor(
    server: Server,
    private readonly tls: boolean,
    { idleConnectionsMax, requestsMax }: ConnectionBounds,
  ) {
    this.idle = new Newcomers(idleConnectionsMax, (oldest) => this.drop('idle', oldest));
    this.answering = new Newcomers(requestsMax, (oldest) => this.drop('request', oldest));
    server.on('connection', (socket: Socket) => {
      this.idle.add(socket);
      const key = addressOf(socket);
      if (tls) this.below.set(key, socket);
      socket.on('close', () => {
        this.idle.delete(socket);
        if (this.below.get(key) === socket) this.below.delete(key);
      });
    });
  }

  /** A request came. It counts until its response is closed. */
  requested(response: ServerResponse): void {
    const socket = this.socketOf(response);
    if (socket === undefined) return;
    this.idle.delete(socket);
    this.answering.add(response);
    this.requestsOf.set(socket, (this.requestsOf.get(socket) ?? 0) + 1);
    response.on('close', () => {
      this.answering.delete(response);
      const left = (this.requestsOf.get(socket) ?? 1) - 1;
      this.requestsOf.set(socket, left);
      if (left === 0 && !socket.destroyed) this.idle.add(socket);
    });
  }

  /** It has a bound of its own from now on. */
  boundElsewhere(response: ServerResponse): void {
    this.answering.delete(response);
  }

  /** @param port its name in the metric */
  addMetrics(registry: Registry, port: 'admin' | 'http'): void {
    const { dropped } = this;
    new Counter({
      name: `trireme_${port}_dropped_total`,
      help: `Connections of the ${port === 'http' ? 'HTTP' : port} port closed to let newer ones in, by what they did (idle, request)`,
      labelNames: ['state'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [state, count] of dropped) this.inc({ state }, count);
      },
    });
  }

  private socketOf({ socket }: ServerResponse): Socket | undefined {
    if (socket === null) return undefined;
    return this.tls ? this.below.get(addressOf(socket as TLSSocket)) : socket;
  }

  private drop(state: 'idle' | 'request', what: Socket | ServerResponse): void {
    this.dropped.set(state, (this.dropped.get(state) ?? 0) + 1);
    what.destroy();
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
