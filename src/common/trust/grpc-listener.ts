import * as grpc from '@grpc/grpc-js';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { ListenerTrust } from './listener-trust.js';
import type { TlsContext, TlsMaterial } from './tls-material.js';
import { tokenOfHeader, tokenWanted } from './token.js';

/** Probes have no token, and health says nothing but whether work can be done. */
const openService = '/grpc.health.v1.Health/';

/** Server credentials whose certificate can be replaced; streams that are open stay. */
class ReloadableCredentials extends grpc.ServerCredentials {
  constructor(trust: ListenerTrust, tls: TlsMaterial) {
    super(trust.serverOptions, secureContext(tls.context));
    tls.onChange((context) => this.updateSecureContextOptions(secureContext(context)));
  }

  _equals(other: grpc.ServerCredentials): boolean {
    return this === other;
  }
}

function secureContext({ cert, key, ca }: TlsContext): { cert?: Buffer; key?: Buffer; ca?: Buffer } {
  return { cert, key, ca };
}

/** Credentials for a server's port. */
export function serverCredentials(trust: ListenerTrust | undefined): grpc.ServerCredentials {
  if (trust === undefined || trust.tls === null) return grpc.ServerCredentials.createInsecure();
  return new ReloadableCredentials(trust, trust.tls);
}

/** The check of `authorization: Bearer TOKEN` at the start of every call; none where no token is asked for. */
export function tokenInterceptors(trust: ListenerTrust | undefined): grpc.ServerInterceptor[] {
  const token = trust?.token;
  if (trust === undefined || token === undefined || token === null) return [];
  return [
    ({ path }, call) => {
      if (path.startsWith(openService)) return new grpc.ServerInterceptingCall(call);
      const responder = new grpc.ResponderBuilder().withStart((next) => {
        const listener = new grpc.ServerListenerBuilder().withOnReceiveMetadata((metadata, pass) => {
          const presented = tokenOfHeader(metadata.get('authorization')[0]?.toString());
          if (presented !== null && token.matches(presented)) {
            // Nobody further down needs it, and what is not there cannot be logged.
            metadata.remove('authorization');
            return pass(metadata);
          }
          const reason = presented === null ? 'no-token' : 'wrong-token';
          trust.refusals.report('grpc', reason, { peer: call.getPeer(), method: path });
          call.sendStatus({ code: grpc.status.UNAUTHENTICATED, details: `UNAUTHENTICATED: ${tokenWanted}` });
        });
        next(listener.build());
      });
      return new grpc.ServerInterceptingCall(call, responder.build());
    },
  ];
}

/** Counts and logs failed handshakes. grpc-js does not pass them on, so its servers are listened to; call after binding. */
export function watchHandshakes(server: grpc.Server, trust: ListenerTrust | undefined): void {
  if (trust === undefined || trust.tls === null) return;
  const servers = server['http2Servers'] as ReadonlyMap<TlsServer, unknown>;
  for (const each of servers.keys())
    each.on('tlsClientError', (error: Error, socket: TLSSocket) => trust.handshakeFailed('grpc', error, socket));
}
