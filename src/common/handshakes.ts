import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { Newcomers } from './newcomers.js';

/** Bounds the TLS handshakes under way at a server: who comes gets in, and the oldest that is not done goes. */
export function boundHandshakes(server: TlsServer, max: number): void {
  const sockets = new Map<string, Socket>();
  const waiting = new Newcomers<Socket>(max, (oldest) => oldest.destroy());
  server.on('connection', (socket: Socket) => {
    const key = addressOf(socket);
    sockets.set(key, socket);
    waiting.add(socket);
    socket.once('close', () => {
      waiting.delete(socket);
      if (sockets.get(key) === socket) sockets.delete(key);
    });
  });
  server.on('secureConnection', (secure) => {
    const socket = sockets.get(addressOf(secure));
    if (socket === undefined) return;
    waiting.delete(socket);
    sockets.delete(addressOf(secure));
  });
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
