import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Authority, type Issued, type Validity } from '../../src/certs/authority.js';

const hourMs = 3_600_000;
const valid = (fromHours: number, toHours: number): Validity => ({
  notBefore: new Date(Date.now() + fromHours * hourMs),
  notAfter: new Date(Date.now() + toHours * hourMs),
});

/** Certificates for tests: good ones, one that has expired, and one of an authority that nobody asked for. */
export class TestCertificates {
  private constructor(private readonly folder: string) {}

  /** Writes `ca`, `server`, `client`, `expired` (all of `ca`), `other-ca` and `foreign` (of `other-ca`). */
  static async make(folder: string, hosts: readonly string[] = []): Promise<TestCertificates> {
    mkdirSync(folder, { recursive: true });
    const certificates = new TestCertificates(folder);
    const served = ['localhost', '127.0.0.1', ...hosts];
    const authority = await Authority.create('the authority', valid(-100, 100));
    const other = await Authority.create('another authority', valid(-100, 100));
    certificates.write('ca', authority.issued);
    certificates.write('server', await authority.issue('server', served, valid(-1, 24)));
    certificates.write('client', await authority.issue('client', [], valid(-1, 24)));
    certificates.write('expired', await authority.issue('expired', served, valid(-48, -24)));
    certificates.write('other-ca', other.issued);
    certificates.write('foreign', await other.issue('foreign', served, valid(-1, 24)));
    return certificates;
  }

  /** Puts another pair in the place of one. */
  write(name: string, { certPem, keyPem }: Issued): void {
    writeFileSync(this.cert(name), certPem);
    writeFileSync(this.key(name), keyPem);
  }

  cert(name: string): string {
    return join(this.folder, `${name}.crt`);
  }

  key(name: string): string {
    return join(this.folder, `${name}.key`);
  }

  /** Options to present a certificate and to trust an authority. */
  args(name: string, ca = 'ca'): string[] {
    return ['--tls-cert', this.cert(name), '--tls-key', this.key(name), '--tls-ca', this.cert(ca)];
  }
}
