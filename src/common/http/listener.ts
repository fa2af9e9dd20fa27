import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { TriremeError } from '../errors.js';
import { formatHostPort, type HostPort } from '../options.js';
import { certificateName, type ListenerTrust } from '../trust/listener-trust.js';
import type { RefusalReason, RefusingPort } from '../trust/refusals.js';
import type { Caller } from '../trust/roles.js';
import { tokenOfHeader } from '../trust/token.js';

/** HTTP, or HTTPS where the role has a certificate. @param bounds on headers and times */
export function makeHttpServer(
  trust: ListenerTrust | undefined,
  port: RefusingPort,
  bounds: ServerOptions,
  listener: RequestListener,
): Server {
  const tls = trust?.tls;
  if (trust === undefined || tls === undefined || tls === null) return createServer(bounds, listener);
  const server = createTlsServer(
    {
      ...bounds,
      ...trust.serverOptions,
      // A probe may come without a certificate; all else looks whether the caller's was accepted.
      rejectUnauthorized: false,
      ...tls.context,
    },
    listener,
  );
  server.on('tlsClientError', (error, socket) => trust.handshakeFailed(port, error, socket));
  tls.onChange((context) => server.setSecureContext(context));
  return server;
}

/**
 * Opens the port. @returns where it listens: the real port when port 0 was asked for @throws TriremeError UNREACHABLE
 */
export async function openHttpServer(server: Server, listen: HostPort): Promise<HostPort> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new TriremeError('UNREACHABLE', `cannot listen on ${formatHostPort(listen)}: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    server.listen({ host: listen.host, port: listen.port }, resolve);
  });
  // A connection that cannot be accepted is no reason to end; an 'error' that nobody hears would be one.
  server.on('error', () => undefined);
  return { host: listen.host, port: (server.address() as AddressInfo).port };
}

/** Why a request shows no valid credentials, and what there is to say of it. */
export interface UnknownCaller {
  readonly reason: Extract<RefusalReason, 'no-token' | 'wrong-token' | 'certificate'>;
  readonly error?: string;
}

/** Who sends a request, by his token (`authorization`) and his certificate, or why he is not known. */
export function callerOfRequest(trust: ListenerTrust, request: IncomingMessage): Caller | UnknownCaller {
  const socket = request.socket as TLSSocket;
  if (trust.mutual && !socket.authorized) return { reason: 'certificate', error: String(socket.authorizationError) };
  const certificate = trust.mutual ? certificateName(socket.getPeerCertificate()) : null;
  const caller = trust.identify(tokenOfHeader(request.headers.authorization), certificate);
  return typeof caller === 'string' ? { reason: caller } : caller;
}
