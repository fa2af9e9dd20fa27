import type { TlsOptions, TLSSocket } from 'node:tls';
import type { Logger } from '../logging.js';
import type { TrustSettings } from './options.js';
import { Refusals, type RefusingPort } from './refusals.js';
import { TlsMaterial, tlsVersionLeast } from './tls-material.js';
import { plainWords } from './tls-words.js';
import { readToken, TokenCheck } from './token.js';

/** Time for a TLS handshake: a slow link takes a second, and Node's default of two minutes invites many to wait. */
const handshakeTimeoutMs = 5_000;

/** What the ports of one role ask of those who dial. */
export class ListenerTrust {
  readonly token: TokenCheck | null;
  readonly tls: TlsMaterial | null;
  readonly refusals: Refusals;

  /** @throws TriremeError when a file cannot be read or used */
  constructor(
    private readonly settings: TrustSettings,
    log: Logger,
  ) {
    this.token = settings.token === null ? null : new TokenCheck(readToken(settings.token));
    this.tls = settings.tls === null ? null : new TlsMaterial(settings.tls);
    this.tls?.checkDates(Date.now());
    this.refusals = new Refusals(log);
  }

  /** True when whoever dials must have a certificate of --tls-ca. */
  get mutual(): boolean {
    return this.settings.tls !== null && this.settings.tls.ca !== null;
  }

  /** What a TLS server is made with, the context aside. */
  get serverOptions(): Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'handshakeTimeout'> {
    const { mutual } = this;
    return {
      requestCert: mutual,
      rejectUnauthorized: mutual,
      minVersion: tlsVersionLeast,
      handshakeTimeout: handshakeTimeoutMs,
    };
  }

  /** Reads token file and certificates again. What fails stays as it was. @throws TriremeError of the first that failed */
  reload(): void {
    const { token } = this.settings;
    if (token?.from === 'file') this.token?.replace(readToken(token));
    this.tls?.reload();
  }

  /** Counts and logs a handshake that failed; for 'tlsClientError'. */
  handshakeFailed(port: RefusingPort, error: Error, socket: TLSSocket): void {
    const { authorizationError } = socket;
    const refused = (authorizationError as unknown) !== null && authorizationError !== undefined;
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';
    this.refusals.report(port, refused || missing ? 'certificate' : 'tls', {
      peer: socket.remoteAddress,
      error: refused ? String(authorizationError) : plainWords(error.message),
    });
    // Node closes what failed, but only tells of what was too slow.
    if ((error as NodeJS.ErrnoException).code === 'ERR_TLS_HANDSHAKE_TIMEOUT') socket.destroy();
  }
}
