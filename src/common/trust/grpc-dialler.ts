import * as grpc from '@grpc/grpc-js';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { messageBytesMax } from '../limits.js';
import { openDialler, type DiallerTrust } from './dialler-trust.js';
import { extraAuthorities, plainWords } from './tls-material.js';

/**
 * Name that a TLS server is told where it is dialled by its address. There is none to tell, but gRPC would tell the
 * address, which is not allowed and of which Node warns on stderr. The certificate is checked for the address.
 */
const namelessServer = 'trireme.invalid';

/** What a gRPC client is made with. The token goes by an interceptor: call credentials are refused without TLS. */
export class GrpcDialler {
  private readonly interceptors: grpc.Interceptor[];

  constructor(private readonly trust: DiallerTrust) {
    this.interceptors = trust.token === null ? [] : [(options, next) => presentToken(trust, options, next)];
  }

  /** Made anew for each channel, so that certificates read again are used from the next dial on. */
  credentials(host: string): grpc.ChannelCredentials {
    const { tls } = this.trust;
    if (tls === null) return grpc.credentials.createInsecure();
    const { ca = extraAuthorities() ?? null, key = null, cert = null } = tls.context;
    return grpc.credentials.createSsl(ca, key, cert, {
      checkServerIdentity: (_name, certificate) => checkServerIdentity(this.trust.tlsName ?? host, certificate),
    });
  }

  /** Options of the client, beside the caller's own: it takes every message that a server of ours may send. */
  options(host: string): grpc.ClientOptions {
    const options = { interceptors: this.interceptors, 'grpc.max_receive_message_length': messageBytesMax };
    const { tls, tlsName } = this.trust;
    if (tls === null || (tlsName === undefined && isIP(host) === 0)) return options;
    return { ...options, 'grpc.ssl_target_name_override': tlsName ?? namelessServer };
  }

  /** What gRPC says of a call that failed, in plain words, and what our credentials may have to do with it. */
  explain({ code, details, message }: { code?: grpc.status; details?: string; message: string }): string {
    const said = plainWords(details || message)
      .replace(/\s*Resolution note:.*$/s, '')
      .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)\.?$/, '')
      .replace(/^No connection established\. Last error: (Error: )?/, '');
    if (this.trust.tls === null) return /^Failed to connect$|ECONNRESET/.test(said) ? said + this.trust.hint() : said;
    if (code !== grpc.status.UNAVAILABLE) return said;
    if (!said.includes(' alert ') && /certificate|ECONNREFUSED|ENOTFOUND|UNREACH|TIMEDOUT/.test(said)) return said;
    return said + this.trust.hint();
  }
}

function presentToken(
  trust: DiallerTrust,
  options: grpc.InterceptorOptions,
  next: Parameters<grpc.Interceptor>[1],
): grpc.InterceptingCall {
  return new grpc.InterceptingCall(next(options), {
    start: (metadata, listener, pass) => {
      metadata.set('authorization', `Bearer ${trust.token}`);
      pass(metadata, listener);
    },
  });
}

/** Without credentials. */
export const openGrpcDialler = new GrpcDialler(openDialler);
