import { checkExposure, isLoopback } from '../../../src/common/exposure.js';

describe('exposure', () => {
  test.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('%s is on this machine alone', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', '128.0.0.1', 'example.org', 'localhost.example.org', '2001:db8::1'])(
    '%s may be reached by others',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );

  const listeners = [
    { option: '--tcp', address: { host: '127.0.0.1', port: 1 }, open: true },
    { option: '--grpc', address: { host: '::', port: 2 }, open: true },
  ];

  test('an open listener is refused by its option and address, and the message says what to add', () => {
    expect(() => checkExposure(listeners, false)).toThrow(/^--grpc \[::\]:2 is not on loopback.*--insecure/);
  });

  test('a listener that asks for a token or a certificate is not refused', () => {
    expect(() => checkExposure([{ ...listeners[1], open: false }], false)).not.toThrow();
  });

  test('the message names the option that encrypts the port', () => {
    const tcp = { option: '--tcp', address: { host: '0.0.0.0', port: 1 }, open: true, tlsOption: '--tcp-tls' };
    expect(() => checkExposure([tcp], false)).toThrow(/--token .*--tls-cert, --tls-key and --tls-ca with --tcp-tls/);
  });

  test('--insecure opens it', () => {
    expect(() => checkExposure(listeners, true)).not.toThrow();
    expect(() => checkExposure(listeners.slice(0, 1), false)).not.toThrow();
  });
});
