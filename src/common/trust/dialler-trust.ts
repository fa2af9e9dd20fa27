import type { ConnectionOptions } from 'node:tls';
import { noTrust, type TrustSettings } from './options.js';
import { TlsMaterial, tlsVersionMin } from './tls-material.js';
import { readToken } from './token.js';

/** What a role that dials presents, and whom it trusts. */
export class DiallerTrust {
  readonly tls: TlsMaterial | null;
  private presented: string | null;

  /** @throws TriremeError when a file cannot be read or used */
  constructor(private readonly settings: TrustSettings) {
    this.presented = settings.token === null ? null : readToken(settings.token);
    this.tls = settings.tls === null ? null : new TlsMaterial(settings.tls);
  }

  get token(): string | null {
    return this.presented;
  }

  /** The name that a certificate must be for; undefined: the host that is dialled. */
  get tlsName(): string | undefined {
    return this.settings.tlsName;
  }

  /** Options for tls.connect, host and port aside; null without TLS. */
  get connectOptions(): ConnectionOptions | null {
    if (this.tls === null) return null;
    const { tlsName } = this.settings;
    // The name that is asked for is the one that the certificate is checked for.
    const named = tlsName === undefined ? {} : { servername: tlsName };
    return { ...this.tls.context, ...named, minVersion: tlsVersionMin };
  }

  /**
   * Reads token file and certificates again, for the next time it dials. @throws TriremeError; the old ones stay then
   */
  reload(): void {
    const { token } = this.settings;
    if (token?.from === 'file') this.presented = readToken(token);
    this.tls?.reload();
  }

  /**
   * Why the other side may have closed the connection without a word: a TLS server that refuses a certificate says so
   * after the handshake, and the close overtakes it.
   */
  hint(nowMs = Date.now()): string {
    if (this.tls === null) return ' (if that port speaks TLS: --tls-ca)';
    const dates = this.tls.datesWrong(nowMs);
    if (dates !== null) return ` (${dates})`;
    return this.tls.context.cert === undefined
      ? ' (it may ask for a certificate: --tls-cert and --tls-key)'
      : ` (it may not accept the certificate --tls-cert ${this.settings.tls?.cert})`;
  }
}

export const openDialler = new DiallerTrust(noTrust);
