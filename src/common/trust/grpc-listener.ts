import * as grpc from '@grpc/grpc-js';
import type { Server as TlsServer, TLSSocket } from 'node:tls';
import type { Asked } from '../anonymous-callers.js';
import { TriremeError } from '../errors.js';
import { toStatus } from '../grpc-status.js';
import { certificateName, setCaller, type ListenerTrust } from './listener-trust.js';
import { methodAccess } from './methods.js';
import { whyNotAllowed } from './roles.js';
import type { TlsContext, TlsMaterial } from './tls-material.js';
import { tokenOfHeader, tokenWanted } from './token.js';

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

/** What callers without valid credentials are told. */
export const unauthenticated = toStatus(new TriremeError('UNAUTHENTICATED', tokenWanted));

/** What a port asks of callers, for those who must know before a call begins. */
export function askedBy(trust: ListenerTrust): Asked {
  return {
    tls: trust.tls !== null,
    token: trust.asksToken,
    isOpen: (path) => methodAccess(path) === 'everybody',
    whyUnknown: ({ authorization }, socket) => {
      const certificate = trust.mutual ? (socket as TLSSocket).getPeerCertificate() : undefined;
      const caller = trust.identify(tokenOfHeader(authorization), certificateName(certificate));
      return typeof caller === 'string' ? caller : null;
    },
    refuse: (reason, facts) => {
      trust.refusals.report('grpc', reason, facts);
      return unauthenticated;
    },
  };
}

/**
 * The check at the start of every call: who calls, by his token (`authorization: Bearer TOKEN`) or his certificate, and
 * whether he may. None where nothing is asked. Handlers ask callerOf.
 */
export function callerInterceptors(trust: ListenerTrust | undefined): grpc.ServerInterceptor[] {
  if (trust === undefined || !trust.asks) return [];
  return [
    ({ path }, call) => {
      const access = methodAccess(path);
      if (access === 'everybody') return new grpc.ServerInterceptingCall(call);
      const responder = new grpc.ResponderBuilder().withStart((next) => {
        const listener = new grpc.ServerListenerBuilder().withOnReceiveMetadata((metadata, pass) => {
          const presented = tokenOfHeader(metadata.get('authorization')[0]?.toString());
          // Nobody further down needs it, and what is not there cannot be logged.
          metadata.remove('authorization');
          const verified = trust.mutual ? call.getAuthContext().sslPeerCertificate : undefined;
          // The handshake has refused whoever has none; this does not rely on it.
          const caller =
            trust.mutual && verified === undefined
              ? 'certificate'
              : trust.identify(presented, certificateName(verified));
          const facts = { peer: call.getPeer(), method: path };
          if (typeof caller === 'string') {
            trust.refusals.report('grpc', caller, facts);
            call.sendStatus(unauthenticated);
            return;
          }
          const why = whyNotAllowed(caller, access === 'any-credential' ? null : access);
          if (why === null) {
            setCaller(metadata, caller);
            return pass(metadata);
          }
          trust.refusals.report('grpc', 'role', { ...facts, credential: caller.name, roles: caller.roles });
          call.sendStatus(toStatus(new TriremeError('NOT_ALLOWED', why, { facts: { value: path } })));
        });
        next(listener.build());
      });
      return new grpc.ServerInterceptingCall(call, responder.build());
    },
  ];
}

/**
 * Counts and logs failed handshakes. grpc-js does not pass them on, so its servers are listened to; call after binding.
 */
export function watchHandshakes(server: grpc.Server, trust: ListenerTrust | undefined): void {
  if (trust === undefined || trust.tls === null) return;
  const servers = server['http2Servers'] as ReadonlyMap<TlsServer, unknown>;
  for (const each of servers.keys())
    each.on('tlsClientError', (error: Error, socket: TLSSocket) => trust.handshakeFailed('grpc', error, socket));
}
