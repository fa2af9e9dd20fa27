import 'reflect-metadata'; // the X.509 library injects its parts by decorators and asks for this first
import * as x509 from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its private key, both PEM. */
export interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
}

/** From and to when a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** P-256 with SHA-256: what every TLS library speaks, with small handshakes. */
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };

/** A certificate authority of one's own. Its key is in memory until it is written. */
export class Authority {
  private constructor(
    readonly issued: Issued,
    private readonly certificate: x509.X509Certificate,
    private readonly keys: webcrypto.CryptoKeyPair,
  ) {}

  static async create(name: string, validity: Validity): Promise<Authority> {
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...validity,
      name: [{ CN: [name] }],
      serialNumber: serialNumber(),
      keys,
      signingAlgorithm,
      extensions: [
        // It signs certificates and no further authorities.
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(await toPem(certificate, keys), certificate, keys);
  }

  /** A certificate to serve with (for these host names and addresses) and to dial with. */
  async issue(name: string, hosts: readonly string[], validity: Validity): Promise<Issued> {
    const keys = await makeKeys();
    const usages = [x509.ExtendedKeyUsage.clientAuth];
    if (hosts.length > 0) usages.push(x509.ExtendedKeyUsage.serverAuth);
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity,
      subject: [{ CN: [name] }],
      issuer: this.certificate.subject,
      serialNumber: serialNumber(),
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(this.certificate),
        ...(hosts.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName))]),
      ],
    });
    return toPem(certificate, keys);
  }
}

function alternativeName(host: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
}

/** Random, positive, 127 bits: nobody keeps a list of those given out. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function toPem(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<Issued> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certPem: `${certificate.toString('pem')}\n`, keyPem: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n` };
}
