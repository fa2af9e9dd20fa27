import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { extraAuthorities } from '../../../../src/common/trust/tls-material.js';
import { projectRoot } from '../../../../src/common/version.js';
import { runTrireme } from '../../../support/run-trireme.js';
import { scratchFolder } from '../../../support/scratch.js';
import { TestCertificates } from '../../../support/test-certificates.js';

const scratch = scratchFolder();
let certificates: TestCertificates;
beforeAll(async () => {
  certificates = await TestCertificates.make(join(scratch.path, 'certs'));
});

test('the authorities of Node and those of the file are trusted', () => {
  const pem = extraAuthorities({ TRIREME_EXTRA_CA_CERTS: certificates.cert('ca') })!.toString();
  expect(pem).toContain(readFileSync(certificates.cert('ca'), 'utf8'));
  expect(pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(rootCertificates.length + 1);
});

test('without a file, Node decides', () => {
  expect(extraAuthorities({})).toBeUndefined();
  expect(extraAuthorities({ TRIREME_EXTRA_CA_CERTS: '' })).toBeUndefined();
});

test('a file that is not there is left out with a warning', () => {
  const warned = jest.spyOn(process, 'emitWarning').mockReturnValue();
  try {
    expect(extraAuthorities({ TRIREME_EXTRA_CA_CERTS: '/nowhere.pem' })).toBeUndefined();
    expect(warned.mock.calls).toEqual([
      [expect.stringMatching(/^NODE_EXTRA_CA_CERTS \/nowhere\.pem is left out: ENOENT/)],
    ]);
  } finally {
    warned.mockRestore();
  }
});

test('a capture on a server of such an authority is read, and refused without it', async () => {
  const sample = join(projectRoot, 'captures', 'sample.pcap');
  const [key, cert] = [certificates.key('server'), certificates.cert('server')].map((file) => readFileSync(file));
  const server = createServer({ key, cert }, (_request, answer) => answer.end(readFileSync(sample)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `https://localhost:${(server.address() as AddressInfo).port}/sample.pcap`;
    const ask = (file: string) => runTrireme(['analyze', url], { env: { TRIREME_EXTRA_CA_CERTS: file } });
    const [trusted, foreign] = await Promise.all([ask(certificates.cert('ca')), ask(certificates.cert('other-ca'))]);
    expect(trusted).toMatchObject({ code: 0, stdout: expect.stringContaining('packets: 1043') as string });
    expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining('certificate is refused') as string });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
