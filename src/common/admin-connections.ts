import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Counter, type Registry } from 'prom-client';
import { Newcomers } from './newcomers.js';

/** Connections without a request under way: browsers and monitoring keep a handful each. */
export const idleConnectionsMax = 128;
/** Requests that are being answered, those of event streams aside: each takes milliseconds unless it is not read. */
export const requestsMax = 64;

/**
 * Bounds the connections of an admin port, so that a flood takes neither the descriptors of the job clients nor the
 * answers of /healthz: who comes gets in, and the one that has been idle the longest goes.
 */
export class AdminConnections {
  private readonly idle = new Newcomers<Socket>(idleConnectionsMax, (oldest) => this.drop('idle', oldest));
  private readonly answering = new Newcomers<ServerResponse>(requestsMax, (oldest) => this.drop('request', oldest));
  private readonly requestsOf = new WeakMap<Socket, number>();
  /** The sockets below TLS, by the client's address. */
  private readonly below = new Map<string, Socket>();
  private readonly dropped = new Map<'idle' | 'request', number>();

  constructor(
    server: Server,
    private readonly tls: boolean,
  ) {
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

  /** It has become an event stream, which has a bound of its own. */
  streams(response: ServerResponse): void {
    this.answering.delete(response);
  }

  addMetrics(registry: Registry): void {
    const { dropped } = this;
    new Counter({
      name: 'trireme_admin_dropped_total',
      help: 'Connections of the admin port closed to let newer ones in, by what they did (idle, request)',
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
