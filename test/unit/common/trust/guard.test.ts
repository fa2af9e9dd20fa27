import { chmodSync } from 'node:fs';
import { pino } from 'pino';
import { guardPorts, type Port } from '../../../../src/common/trust/guard.js';
import type { TrustOptions } from '../../../../src/common/trust/options.js';
import { scratchFolder } from '../../../support/scratch.js';
import { TestCertificates } from '../../../support/test-certificates.js';

const scratch = scratchFolder();
let options: Record<'token' | 'tls' | 'mutual', TrustOptions>;
beforeAll(async () => {
  const certificates = await TestCertificates.make(scratch.path);
  const tls = { tlsCert: certificates.cert('server'), tlsKey: certificates.key('server') };
  options = { token: { token: 't' }, tls, mutual: { ...tls, tlsCa: certificates.cert('ca') } };
});
afterEach(() => process.removeAllListeners('SIGHUP'));

const at = (host: string): Port[] => [{ option: '--grpc', address: { host, port: 1 } }];
const tcp = (given: boolean): Port[] => [
  { option: '--tcp', address: { host: '0.0.0.0', port: 1 }, tls: { option: '--tcp-tls', given } },
];

function guard(ports: Port[], trust: TrustOptions, insecure = false): string[] {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) });
  guardPorts(ports, { ...trust, insecure }, log);
  return warnings;
}

describe('ports that others can reach', () => {
  test('one that asks for nothing is refused, unless the operator says so', () => {
    expect(() => guard(at('0.0.0.0'), {})).toThrow(expect.objectContaining({ code: 'REFUSED_EXPOSED' }));
    expect(() => guard(at('0.0.0.0'), {}, true)).not.toThrow();
    expect(() => guard(at('127.0.0.1'), {})).not.toThrow();
  });

  test('TLS that asks for no certificate is refused: it lets everyone in, unseen', () => {
    expect(() => guard(at('0.0.0.0'), options.tls)).toThrow(/--token .*--tls-ca/);
  });

  test('a token opens one, with a warning that it is not encrypted', () => {
    expect(guard(at('0.0.0.0'), options.token)).toEqual([expect.stringContaining('in clear')]);
    expect(guard(at('127.0.0.1'), options.token)).toEqual([]);
    expect(guard(at('0.0.0.0'), { ...options.token, ...options.tls })).toEqual([]);
  });

  test('a file of credentials opens one, with the same warning', () => {
    const credentials = scratch.file('credentials', 'client ada t');
    chmodSync(credentials, 0o600);
    expect(guard(at('0.0.0.0'), { credentials })).toEqual([expect.stringContaining('in clear')]);
    expect(guard(at('0.0.0.0'), { credentials, ...options.tls })).toEqual([]);
  });

  test('mutual TLS opens one', () => {
    expect(guard(at('0.0.0.0'), options.mutual)).toEqual([]);
  });

  test('certificates protect the TCP port only where it is encrypted', () => {
    expect(() => guard(tcp(false), options.mutual)).toThrow(/--tcp .*with --tcp-tls/);
    expect(guard(tcp(true), options.mutual)).toEqual([]);
    expect(guard(tcp(false), { ...options.mutual, ...options.token })).toEqual([expect.stringContaining('in clear')]);
  });
});
