import { writeFileSync } from 'node:fs';
import { DiallerTrust } from '../../../../src/common/trust/dialler-trust.js';
import { plainWords, TlsMaterial } from '../../../../src/common/trust/tls-material.js';
import { scratchFolder } from '../../../support/scratch.js';
import { TestCertificates } from '../../../support/test-certificates.js';

const scratch = scratchFolder();
let certificates: TestCertificates;
beforeAll(async () => {
  certificates = await TestCertificates.make(scratch.path);
});

const files = (cert: string, key = cert, ca: string | null = 'ca') => ({
  cert: certificates.cert(cert),
  key: certificates.key(key),
  ca: ca === null ? null : certificates.cert(ca),
});

describe('TLS files', () => {
  test('a pair and its authority are read', () => {
    const { cert, key, ca } = new TlsMaterial(files('server')).context;
    expect([cert, key, ca].every(Buffer.isBuffer)).toBe(true);
  });

  test('a key of another certificate is refused by both names', () => {
    expect(() => new TlsMaterial(files('server', 'client'))).toThrow(
      /^--tls-key .*client.key is not the key of --tls-cert .*server.crt$/,
    );
  });

  test('a file that is missing or no PEM is refused by its option and name', () => {
    expect(() => new TlsMaterial(files('none'))).toThrow(/^--tls-cert .*none.crt: ENOENT/);
    const junk = scratch.file('junk.crt', 'no certificate');
    expect(() => new TlsMaterial({ ...files('server'), ca: junk })).toThrow(/^--tls-ca .*junk.crt: no PEM/);
  });

  test('a certificate out of its dates is told with the date', () => {
    const expired = new TlsMaterial(files('expired'));
    expect(() => expired.checkDates(Date.now())).toThrow(/^--tls-cert .*expired.crt: expired on .* GMT$/);
    expect(() => new TlsMaterial(files('server')).checkDates(0)).toThrow(/not valid before/);
    expect(() => new TlsMaterial(files('server')).checkDates(Date.now())).not.toThrow();
  });

  test('files that are read again reach the listeners; when that fails the old ones stay', async () => {
    const own = await TestCertificates.make(`${scratch.path}/own`);
    const material = new TlsMaterial({ cert: own.cert('server'), key: own.key('server'), ca: null });
    const heard: (Buffer | undefined)[] = [];
    material.onChange(({ cert }) => heard.push(cert));
    const before = material.context;
    writeFileSync(own.cert('server'), 'broken');
    expect(() => material.reload()).toThrow(/no PEM/);
    expect(material.context).toBe(before);
    await TestCertificates.make(`${scratch.path}/own`);
    material.reload();
    expect(heard).toEqual([material.context.cert]);
    expect(material.context.cert).not.toEqual(before.cert);
  });

  test('a dialler that was hung up on is told what its certificate has to do with it', () => {
    const hint = (tls: ReturnType<typeof files> | null): string =>
      new DiallerTrust({ token: null, credentials: null, tls }).hint();
    expect(hint(files('expired'))).toMatch(/expired.crt: expired on/);
    expect(hint(files('foreign'))).toMatch(/may not accept the certificate --tls-cert .*foreign.crt/);
    expect(
      new DiallerTrust({ token: null, credentials: null, tls: { ...files('ca'), cert: null, key: null } }).hint(),
    ).toMatch(/may ask for a certificate/);
  });
});

test.each([
  [
    '80DC81A6FA7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 116\n',
    'tlsv13 alert certificate required',
  ],
  [
    '807C4565197F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:350:\n',
    'wrong version number',
  ],
  ['connect ECONNREFUSED 127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1'],
])('%j is said as %j', (message, words) => {
  expect(plainWords(message)).toBe(words);
});
