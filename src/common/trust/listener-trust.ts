import type { PeerCertificate, TlsOptions, TLSSocket } from 'node:tls';
import { TriremeError } from '../errors.js';
import type { Logger } from '../logging.js';
import { Credentials } from './credentials.js';
import { readCredentials } from './credentials-file.js';
import type { TrustSettings } from './options.js';
import { Refusals, type RefusalReason, type RefusingPort } from './refusals.js';
import { everyone, limited, nobody, rolesOfCertificate, type Caller } from './roles.js';
import { plainWords, TlsMaterial, tlsVersionMin } from './tls-material.js';
import { readToken } from './token.js';
import type { Metadata } from '@grpc/grpc-js';

/** Time for a TLS handshake: a slow link takes a second, and Node's default of two minutes invites many to wait. */
const handshakeTimeoutMs = 5_000;

/** What the ports of one role ask of those who dial. */
export class ListenerTrust {
  /** Whom tokens and listed certificates belong to; null: no token is asked for. */
  private credentials: Credentials | null;
  readonly tls: TlsMaterial | null;
  readonly refusals: Refusals;

  /** @throws TriremeError when a file cannot be read or used */
  constructor(
    private readonly settings: TrustSettings,
    log: Logger,
  ) {
    this.credentials = credentialsOf(settings);
    this.tls = settings.tls === null ? null : new TlsMaterial(settings.tls);
    this.tls?.checkDates(Date.now());
    this.refusals = new Refusals(log);
  }

  /** True when whoever dials must have a certificate of --tls-ca. */
  get mutual(): boolean {
    return this.settings.tls !== null && this.settings.tls.ca !== null;
  }

  /** True when callers must prove who they are, by a token or a certificate. */
  get asks(): boolean {
    return this.asksToken || this.mutual;
  }

  get asksToken(): boolean {
    return this.credentials !== null;
  }

  /** Who a caller is by what he presented, or why he is refused. @param certificate its name, once it was verified */
  identify(
    token: string | null,
    certificate: string | null,
  ): Caller | Extract<RefusalReason, 'no-token' | 'wrong-token'> {
    const { credentials, mutual } = this;
    if (!mutual) certificate = null;
    if (credentials === null) {
      if (!mutual) return everyone;
      return { name: certificate ?? 'certificate', roles: rolesOfCertificate(certificate), owner: certificate ?? '' };
    }
    const listed = certificate === null ? null : credentials.ofCertificate(certificate);
    const holder = token === null ? listed : credentials.ofToken(token);
    if (holder === null) return token === null ? 'no-token' : 'wrong-token';
    if (!mutual) return holder;
    // Both must allow: a token does not make a worker's certificate that of an operator.
    const both = limited(holder, listed?.roles ?? rolesOfCertificate(certificate));
    return credentials.named || certificate === null ? both : { ...both, name: certificate, owner: certificate };
  }

  /** What a TLS server is made with, the context aside. */
  get serverOptions(): Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'handshakeTimeout'> {
    const { mutual } = this;
    return {
      requestCert: mutual,
      rejectUnauthorized: mutual,
      minVersion: tlsVersionMin,
      handshakeTimeout: handshakeTimeoutMs,
    };
  }

  /**
   * Reads credentials and certificates again. What fails stays as it was. @throws TriremeError of the first that failed
   */
  reload(): void {
    const { token, credentials } = this.settings;
    if (credentials !== null || token?.from === 'file') this.credentials = credentialsOf(this.settings);
    this.tls?.reload();
  }

  /**
   * Counts and logs a handshake that failed; for 'tlsClientError'.
   * @param peer who dialled, where a proxy in between has said so
   */
  handshakeFailed(port: RefusingPort, error: Error, socket: TLSSocket, peer = socket.remoteAddress): void {
    const { authorizationError } = socket;
    const refused = (authorizationError as unknown) !== null && authorizationError !== undefined;
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';
    this.refusals.report(port, refused || missing ? 'certificate' : 'tls', {
      peer,
      error: refused ? String(authorizationError) : plainWords(error.message),
    });
    // Node closes what failed, but only tells of what was too slow.
    if ((error as NodeJS.ErrnoException).code === 'ERR_TLS_HANDSHAKE_TIMEOUT') socket.destroy();
  }
}

function credentialsOf({ token, credentials, tls }: TrustSettings): Credentials | null {
  if (credentials !== null) {
    const read = readCredentials(credentials);
    // Without --tls-ca no certificate is asked for, so nobody could ever show one of them.
    if (read.tokens === 0 && (tls === null || tls.ca === null))
      throw new TriremeError(
        'USAGE',
        `--credentials ${credentials}: holds certificates alone, which only --tls-ca asks for: add it, or a token`,
      );
    return read;
  }
  return token === null ? null : Credentials.ofToken(readToken(token));
}

/** The name in a certificate (its one CN); null: it has none, or several. */
export function certificateName(certificate: PeerCertificate | undefined): string | null {
  const name: unknown = certificate?.subject?.CN;
  return typeof name === 'string' && name !== '' ? name : null;
}

/** Callers by the metadata of their calls, which no caller can write himself into. */
const known = new WeakMap<Metadata, Caller>();

/** Remembers who makes a call; for the check at its start. */
export function setCaller(metadata: Metadata, caller: Caller): void {
  known.set(metadata, caller);
}

/** Who makes a call, for its handler. */
export function callerOf({ metadata }: { readonly metadata: Metadata }, trust: ListenerTrust | undefined): Caller {
  return known.get(metadata) ?? (trust?.asks === true ? nobody : everyone);
}

/** Name of the credential of a call, for people; undefined where nothing is asked. */
export function credentialOf({ metadata }: { readonly metadata: Metadata }): string | undefined {
  return known.get(metadata)?.name;
}
